import type { GraphBuilder } from '../graph/graph-builder.ts';
import { float32Tensor } from '../graph/tensor-data.ts';
import type { GradientContext } from './gradient-rule.ts';

/** The unit vectors of n elements, `[n, n]`: what an operator makes of them is its own matrix. */
export function units(g: GraphBuilder, n: number): string {
  const values = new Float32Array(n * n);
  for (let i = 0; i < n; i++) values[i * n + i] = 1;
  return g.initializer(g.fresh('units'), float32Tensor(values, [n, n]));
}

/**
 * dY·Mᵀ along one axis, for an operator Y = X·M along it and M `[extent of X, extent of Y]`. The axes
 * behind it have the extents of X already: the last axis goes first.
 */
export function alongAxis(
  context: GradientContext,
  dY: string,
  axis: number,
  matrix: string,
): string {
  const { g } = context;
  const { shape, batchAxes } = context.value(context.input(0));
  const last = shape.length - 1;
  if (axis === last) return g.op('MatMul', [dY, g.op('Transpose', [matrix], { perm: [1, 0] })]);
  if (axis === last - 1) return g.op('MatMul', [matrix, dY]);
  const upTo = shape.slice(0, axis + 1).map(() => 0);
  const behind = shape.map((extent, i) => (batchAxes.includes(i) ? -1 : extent)).slice(axis + 1);
  const product = g.op('MatMul', [matrix, g.op('Reshape', [dY, g.ints([...upTo, -1])])]);
  return g.op('Reshape', [product, g.ints([...upTo, ...behind])]);
}
