import type { TracedValue } from '../runtime/trace.ts';
import type { GradientContext } from './gradient-rule.ts';

/**
 * Sums a gradient of shape `from` back to the shape of an operand that was broadcast to it: the
 * derivative of NumPy-style broadcasting.
 */
export function sumToShape(
  { g }: Pick<GradientContext, 'g'>,
  gradient: string,
  from: TracedValue,
  to: TracedValue,
): string {
  const extra = from.shape.length - to.shape.length;
  const leading = Array.from({ length: extra }, (_, axis) => axis);
  const stretched = to.shape.flatMap((extent, axis) =>
    extent === 1 && from.shape[axis + extra] !== 1 ? [axis + extra] : [],
  );
  let result = gradient;
  if (stretched.length > 0)
    result = g.op('ReduceSum', [result, g.ints(stretched)], { keepdims: 1 });
  if (leading.length > 0) result = g.op('ReduceSum', [result, g.ints(leading)], { keepdims: 0 });
  return result;
}

/** Sums a gradient of the output's shape back to the shape of input `i`. */
export function sumToInput(context: GradientContext, i: number, gradient: string): string {
  return sumToShape(
    context,
    gradient,
    context.value(context.output()),
    context.value(context.input(i)),
  );
}

/** Gives a gradient the shape of a forward value again, whatever the batch size. */
export function reshapeLike(
  { g }: Pick<GradientContext, 'g'>,
  gradient: string,
  name: string,
  value: TracedValue,
): string {
  if (value.batchAxes.length > 1) return g.op('Reshape', [gradient, g.op('Shape', [name])]);
  const shape = value.shape.map((extent, axis) => (value.batchAxes.includes(axis) ? -1 : extent));
  return g.op('Reshape', [gradient, g.ints(shape)]);
}
