import { ShapeError } from '@baal/core';
import { sizeOf, type ValueInfo } from '@baal/onnx';

/**
 * Extents of a row as an input takes them: rows fit if they hold as many values, whatever the axes, where the
 * model declares all extents, and if they have those that it declares where it leaves some open.
 *
 * @param model path of the model, for messages
 * @throws ShapeError if rows do not fit.
 */
export function fittingShape(
  model: string,
  { name, shape }: ValueInfo,
  row: readonly number[],
): readonly number[] {
  if (shape === undefined) return row;
  const declared = shape.slice(1);
  if (declared.every((extent): extent is number => typeof extent === 'number')) {
    if (sizeOf(declared) === sizeOf(row)) return declared;
  } else if (
    declared.length === row.length &&
    declared.every((extent, i) => typeof extent !== 'number' || extent === row[i])
  ) {
    return row;
  }
  throw new ShapeError(
    `${model}: rows do not fit the input '${name}', expected [${declared.map((d) => d ?? '?').join(', ')}], ` +
      `got [${row.join(', ')}]; check what it is fed with: columns, ids and labels, or --shape`,
  );
}

/**
 * Extents that a model calls by one name are the same in all inputs, e.g. the tokens of ids and mask.
 *
 * @throws ShapeError naming the first two inputs that disagree.
 */
export function checkNamedExtents(
  model: string,
  inputs: readonly ValueInfo[],
  shapes: Readonly<Record<string, readonly number[]>>,
): void {
  const known = new Map<string, { readonly input: string; readonly extent: number }>();
  for (const { name: input, shape = [] } of inputs) {
    const row = shapes[input] as readonly number[];
    // The first axis is the batch; rows of other axes have no names of their own.
    if (row.length !== shape.length - 1) continue;
    for (const [axis, name] of shape.slice(1).entries()) {
      if (typeof name !== 'string') continue;
      const extent = row[axis] as number;
      const other = known.get(name);
      if (other === undefined) known.set(name, { input, extent });
      else if (other.extent !== extent) {
        throw new ShapeError(
          `${model}: '${input}' has ${extent} of '${name}' a row, expected ${other.extent} as in '${other.input}'; check what the two are fed with`,
        );
      }
    }
  }
}
