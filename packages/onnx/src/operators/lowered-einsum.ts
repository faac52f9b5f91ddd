import { BaalError } from '@baal/core';
import { describeNode, stringAttribute } from '../graph/graph.ts';
import { sizeOf } from '../graph/tensor-data.ts';
import type { Lowering, LoweringContext } from './lowering.ts';

/** A value whose axes have letters. */
interface Lettered {
  readonly name: string;
  readonly letters: readonly string[];
}

/**
 * Einstein's sum convention as transpositions, sums and matrix products, the operands one after another. Axes
 * behind an ellipsis get letters of their own.
 *
 * @throws BaalError (code `config`) for a letter that stands twice in one operand (a diagonal), or with two extents.
 */
export const einsum: Lowering = (context) => {
  const { g, node, value } = context;
  const { operands, result } = parse(context);
  const extents = new Map<string, string | number>();
  for (const { name, letters } of operands) {
    const { shape, batchAxes } = value(name);
    letters.forEach((letter, axis) => {
      const extent = batchAxes.includes(axis)
        ? g.op('Shape', [name], { start: axis, end: axis + 1 })
        : (shape[axis] as number);
      const before = extents.get(letter);
      if (typeof before === 'number' && typeof extent === 'number' && before !== extent) {
        refuse(context, `the extents ${before} and ${extent} for "${letter}"`);
      }
      if (typeof before !== 'string') extents.set(letter, extent);
    });
  }
  const [first, ...rest] = operands as [Lettered, ...Lettered[]];
  let total = first;
  rest.forEach((operand, i) => {
    const later = new Set([...result, ...rest.slice(i + 1).flatMap(({ letters }) => letters)]);
    total = product(context, total, operand, later, extents);
  });
  total = summed(context, total, new Set(result));
  if (total.letters.length !== result.length) {
    throw new TypeError(`einsum: "${stringAttribute(node, 'equation', '')}" lost an axis`);
  }
  return [arranged(context, total, result)];
};

function refuse({ node }: LoweringContext, what: string): never {
  throw new BaalError(
    'config',
    `differentiate: ${describeNode(node)} "${stringAttribute(node, 'equation', '')}" has ${what}, expected each letter once an operand, with one extent; export the model with MatMul and ReduceSum instead`,
  );
}

function parse(context: LoweringContext): { operands: Lettered[]; result: string[] } {
  const { node, value } = context;
  const [left = '', right] = stringAttribute(node, 'equation', '').replaceAll(' ', '').split('->');
  const terms = left.split(',');
  const ranks = node.inputs.map((name) => value(name).shape.length);
  const hidden = Math.max(
    0,
    ...terms.map((term, i) =>
      term.includes('...') ? (ranks[i] as number) - (term.length - 3) : 0,
    ),
  );
  // Axes of an ellipsis are counted from the back, as in broadcasting.
  const lettersOf = (term: string, count: number): string[] =>
    term.split('...').flatMap((part, i) => {
      const dots = Array.from({ length: count }, (_, axis) => `.${axis + hidden - count}`);
      return i === 0 ? [...part] : [...dots, ...part];
    });
  const operands = terms.map((term, i) => {
    const letters = lettersOf(term, (ranks[i] as number) - (term.length - 3));
    const twice = letters.find((letter, axis) => letters.indexOf(letter) !== axis);
    if (twice !== undefined) refuse(context, `"${twice}" twice in one operand`);
    return { name: node.inputs[i] as string, letters };
  });
  if (right !== undefined) return { operands, result: lettersOf(right, hidden) };
  const all = operands.flatMap(({ letters }) => letters);
  const once = [...new Set(all)].filter(
    (letter) => letter.startsWith('.') || all.filter((other) => other === letter).length === 1,
  );
  return { operands, result: once.sort() };
}

/** A value summed over the letters that are not kept. */
function summed({ g }: LoweringContext, x: Lettered, kept: ReadonlySet<string>): Lettered {
  const axes = x.letters.flatMap((letter, axis) => (kept.has(letter) ? [] : [axis]));
  if (axes.length === 0) return x;
  return {
    name: g.op('ReduceSum', [x.name, g.ints(axes)], { keepdims: 0 }),
    letters: x.letters.filter((letter) => kept.has(letter)),
  };
}

function arranged({ g }: LoweringContext, x: Lettered, order: readonly string[]): string {
  const perm = order.map((letter) => x.letters.indexOf(letter));
  const same = perm.every((axis, position) => axis === position);
  return same ? x.name : g.op('Transpose', [x.name], { perm });
}

type Extents = ReadonlyMap<string, string | number>;

/** Two operands as one batch of matrix products `[common, left, inner]·[common, inner, right]`. */
function product(
  context: LoweringContext,
  a: Lettered,
  b: Lettered,
  kept: ReadonlySet<string>,
  extents: Extents,
): Lettered {
  const { g } = context;
  const left = summed(context, a, new Set([...kept, ...b.letters]));
  const right = summed(context, b, new Set([...kept, ...a.letters]));
  const shared = left.letters.filter((letter) => right.letters.includes(letter));
  const common = shared.filter((letter) => kept.has(letter));
  const inner = shared.filter((letter) => !kept.has(letter));
  const rows = left.letters.filter((letter) => !shared.includes(letter));
  const columns = right.letters.filter((letter) => !shared.includes(letter));
  const matrix = (x: Lettered, groups: readonly (readonly string[])[]): string =>
    g.op('Reshape', [
      arranged(context, x, groups.flat()),
      shapeOf(
        context,
        groups.map((group) => group.map((letter) => extents.get(letter) ?? 1)),
      ),
    ]);
  const result = g.op('MatMul', [
    matrix(left, [common, rows, inner]),
    matrix(right, [common, inner, columns]),
  ]);
  const letters = [...common, ...rows, ...columns];
  const shape = shapeOf(
    context,
    letters.map((letter) => [extents.get(letter) ?? 1]),
  );
  return { name: g.op('Reshape', [result, shape]), letters };
}

/** The products of groups of extents as a shape; extents that depend on the batch are values of the graph. */
function shapeOf(
  { g }: LoweringContext,
  groups: readonly (readonly (string | number)[])[],
): string {
  const constant = (group: readonly (string | number)[]): boolean =>
    group.every((extent) => typeof extent === 'number');
  if (groups.every(constant)) return g.ints(groups.map((group) => sizeOf(group as number[])));
  const parts = groups.map((group) => {
    if (constant(group)) return g.ints([sizeOf(group as number[])]);
    const values = group.map((extent) => (typeof extent === 'string' ? extent : g.ints([extent])));
    return values.reduce((total, value) => g.op('Mul', [total, value]));
  });
  return g.op('Concat', parts, { axis: 0 });
}
