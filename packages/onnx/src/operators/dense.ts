import { floatAttribute, intAttribute } from '../graph/graph.ts';
import { sumToShape } from './broadcast.ts';
import type { GradientContext, GradientRule } from './gradient-rule.ts';

/**
 * Y = alpha·A'B' + beta·C, where A' and B' may be transposed: dA = alpha·dY·B'ᵀ, dB = alpha·A'ᵀ·dY,
 * dC = beta·dY summed back to the shape of C.
 */
export const gemm: GradientRule = (context) => {
  const { g, node, needs } = context;
  const dY = context.gradient();
  if (dY === undefined) return [];
  const alpha = floatAttribute(node, 'alpha', 1);
  const beta = floatAttribute(node, 'beta', 1);
  const transA = intAttribute(node, 'transA', 0);
  const transB = intAttribute(node, 'transB', 0);
  const [a, b, c] = [context.input(0), context.input(1), context.input(2)];
  const product = (x: string, tx: number, y: string, ty: number): string =>
    g.op('Gemm', [x, y], { alpha: { float: alpha }, transA: tx, transB: ty });

  const dA = !needs(0)
    ? undefined
    : transA === 1
      ? product(b, transB, dY, 1)
      : product(dY, 0, b, 1 - transB);
  const dB = !needs(1)
    ? undefined
    : transB === 1
      ? product(dY, 1, a, transA)
      : product(a, 1 - transA, dY, 0);
  if (!needs(2)) return [dA, dB];
  const summed = sumToShape(context, dY, context.value(context.output()), context.value(c));
  return [dA, dB, beta === 1 ? summed : g.op('Mul', [summed, g.float(beta)])];
};

/** Y = A·B over the last two axes, the others broadcast: dA = dY·Bᵀ, dB = Aᵀ·dY. */
export const matMul: GradientRule = (context) => {
  const { g, needs } = context;
  const dY = context.gradient();
  if (dY === undefined) return [];
  const [a, b] = [context.input(0), context.input(1)];
  const [aValue, bValue] = [context.value(a), context.value(b)];
  const [aRank, bRank] = [aValue.shape.length, bValue.shape.length];
  if (aRank === 1 || bRank === 1) return vectorMatMul(context, dY, a, aRank, b, bRank);

  const dA = needs(0)
    ? sumToShape(
        context,
        g.op('MatMul', [dY, swapLast(context, b, bRank)]),
        { ...context.value(context.output()), shape: withLast(context, aValue.shape, bRank) },
        aValue,
      )
    : undefined;
  if (!needs(1)) return [dA];
  if (bRank === 2 && aRank > 2) {
    // A weight shared by all leading axes: one product of long rows beats a batch of small ones.
    const rows = (name: string, columns: number): string =>
      g.op('Reshape', [name, g.ints([-1, columns])]);
    const [inner, outer] = [bValue.shape[0] as number, bValue.shape[1] as number];
    return [dA, g.op('Gemm', [rows(a, inner), rows(dY, outer)], { transA: 1 })];
  }
  const full = g.op('MatMul', [swapLast(context, a, aRank), dY]);
  const fullShape = withLast(context, bValue.shape, aRank);
  return [
    dA,
    sumToShape(context, full, { ...context.value(context.output()), shape: fullShape }, bValue),
  ];
};

/** Leading axes of the product, last two of an operand: the shape before it is summed back. */
function withLast(
  context: GradientContext,
  operand: readonly number[],
  otherRank: number,
): readonly number[] {
  const out = context.value(context.output()).shape;
  return otherRank >= 2 && operand.length >= 2
    ? [...out.slice(0, -2), ...operand.slice(-2)]
    : operand;
}

function swapLast({ g }: GradientContext, name: string, rank: number): string {
  const perm = Array.from({ length: rank }, (_, axis) => axis);
  [perm[rank - 2], perm[rank - 1]] = [rank - 1, rank - 2];
  return g.op('Transpose', [name], { perm });
}

/** A vector operand is a matrix with one row (left) or column (right): add the axis, take it away again. */
function vectorMatMul(
  context: GradientContext,
  dY: string,
  a: string,
  aRank: number,
  b: string,
  bRank: number,
): readonly (string | undefined)[] {
  const { g, needs } = context;
  const aMatrix = aRank === 1 ? g.op('Unsqueeze', [a, g.ints([0])]) : a;
  const bMatrix = bRank === 1 ? g.op('Unsqueeze', [b, g.ints([1])]) : b;
  let gradient = dY;
  if (bRank === 1) gradient = g.op('Unsqueeze', [gradient, g.ints([-1])]);
  if (aRank === 1) gradient = g.op('Unsqueeze', [gradient, g.ints([-2])]);
  const sumLeading = (name: string, rank: number, keep: number): string =>
    rank <= keep
      ? name
      : g.op('ReduceSum', [name, g.ints(Array.from({ length: rank - keep }, (_, i) => i))], {
          keepdims: 0,
        });
  const matrixRank = Math.max(aRank, bRank, 2);
  const dA = needs(0)
    ? g.op('Reshape', [
        sumLeading(
          g.op('MatMul', [gradient, swapLast(context, bMatrix, Math.max(bRank, 2))]),
          matrixRank,
          Math.max(aRank, 2),
        ),
        g.op('Shape', [a]),
      ])
    : undefined;
  const dB = needs(1)
    ? g.op('Reshape', [
        sumLeading(
          g.op('MatMul', [swapLast(context, aMatrix, Math.max(aRank, 2)), gradient]),
          matrixRank,
          Math.max(bRank, 2),
        ),
        g.op('Shape', [b]),
      ])
    : undefined;
  return [dA, dB];
}
