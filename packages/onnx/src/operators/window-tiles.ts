import { intsAttribute, type Node } from '../graph/graph.ts';
import type { GraphBuilder } from '../graph/graph-builder.ts';
import { geometryOf } from './convolution-geometry.ts';

/**
 * The windows `[D]` of a pooling if they lie side by side, without padding, gaps or anything seen
 * twice; else undefined.
 */
export function tilesOf(
  node: Node,
  xExtents: readonly number[],
  yExtents: readonly number[],
): readonly number[] | undefined {
  const kernel = intsAttribute(node, 'kernel_shape', []);
  const { strides, dilations, pads } = geometryOf(node, kernel, xExtents, yExtents);
  const sideBySide = kernel.every(
    (extent, d) =>
      extent === strides[d] && extent * (yExtents[d] as number) <= (xExtents[d] as number),
  );
  const plain = pads.every((pad) => pad === 0) && dilations.every((step) => step === 1);
  return sideBySide && plain ? kernel : undefined;
}

/**
 * Tensors `[N, C, extents...]` in turn along spatial axis `d`: the first of each, then the second of
 * each. Copies of whole tensors; `Expand`, which could repeat one, takes ten times as long and with
 * threads in WebAssembly hundreds of times.
 */
export function interleaved(
  g: GraphBuilder,
  parts: readonly string[],
  d: number,
  extents: readonly number[],
): string {
  if (parts.length === 1) return parts[0] as string;
  const apart = parts.map((part) => g.op('Unsqueeze', [part, g.ints([d + 3])]));
  const made = extents.map((extent, axis) => (axis === d ? extent * parts.length : extent));
  return g.op('Reshape', [g.op('Concat', apart, { axis: d + 3 }), g.ints([0, 0, ...made])]);
}

/** Zeros behind what the tiles cover: positions that no window saw. */
export function filledUp(
  g: GraphBuilder,
  covered: string,
  extents: readonly number[],
  xExtents: readonly number[],
): string {
  const missing = xExtents.map((extent, d) => extent - (extents[d] as number));
  if (missing.every((extent) => extent === 0)) return covered;
  return g.op('Pad', [covered, g.ints([0, 0, ...missing.map(() => 0), 0, 0, ...missing])]);
}
