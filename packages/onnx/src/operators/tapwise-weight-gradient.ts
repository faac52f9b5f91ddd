import { ShapeError } from '@baal/core';
import {
  type ConvolutionGeometry,
  type ConvolutionShapes,
  indicesOf,
} from './convolution-geometry.ts';
import type { GradientContext } from './gradient-rule.ts';

/** Columns of a matrix product that are worth a kernel call: fewer leave its vectors empty. */
const COLUMNS = 32;

/**
 * The weight gradient tap by tap: for each offset of the kernel, the slice of X that this tap saw
 * times dY, one matrix product over batch and space together. Where there are few channels, the
 * slices of several taps share a product: alone, one of a single channel is a product with a vector.
 */
export function tapwiseWeightGradient(
  { g }: GradientContext,
  x: string,
  dY: string,
  { xShape, wShape, yShape }: ConvolutionShapes,
  { kernel, strides, dilations, pads, group }: ConvolutionGeometry,
): string {
  const D = kernel.length;
  const [out, perGroup] = wShape as [number, number];
  if (out % group !== 0)
    throw new ShapeError(`convolution: ${out} outputs do not divide into ${group} groups`);
  const isPadded = pads.some((pad) => pad !== 0);
  const padded = isPadded
    ? g.op('Pad', [x, g.ints([0, 0, ...pads.slice(0, D), 0, 0, ...pads.slice(D)])])
    : x;
  // [N, G * c, k...] to [G, c, N, k...]: a slice copies whole rows, and a product sums over N as well.
  const channelsFirst = (name: string, channels: number, extents: readonly number[]): string =>
    g.op('Transpose', [g.op('Reshape', [name, g.ints([0, group, channels, ...extents])])], {
      perm: [1, 2, 0, ...kernel.map((_, d) => d + 3)],
    });
  const extents = xShape
    .slice(2)
    .map((extent, d) => extent + (pads[d] as number) + (pads[d + D] as number));
  const images = channelsFirst(padded, perGroup, extents);
  const rows = g.op('Reshape', [
    channelsFirst(dY, out / group, yShape.slice(2)),
    g.ints([group, out / group, -1]),
  ]);
  const seen = indicesOf(kernel).map((offset) => {
    const start = offset.map((o, d) => o * (dilations[d] as number));
    const end = start.map(
      (s, d) => s + ((yShape[d + 2] as number) - 1) * (strides[d] as number) + 1,
    );
    const whole = start.every((s, d) => s === 0 && end[d] === extents[d] && strides[d] === 1);
    const axes = kernel.map((_, d) => d + 3);
    return whole
      ? images
      : g.op('Slice', [images, g.ints(start), g.ints(end), g.ints(axes), g.ints(strides)]);
  });
  const together = Math.ceil(COLUMNS / perGroup);
  const products: string[] = [];
  for (let first = 0; first < seen.length; first += together) {
    const taps = seen.slice(first, first + together);
    const stacked = joined(g, taps, 1);
    const columns = g.op('Reshape', [stacked, g.ints([group, taps.length * perGroup, -1])]);
    // The runtime fuses the transpose into the product.
    const product = g.op('MatMul', [rows, g.op('Transpose', [columns], { perm: [0, 2, 1] })]);
    products.push(g.op('Reshape', [product, g.ints([out, taps.length, perGroup])]));
  }
  return weightsOfTaps(g, joined(g, products, 1), wShape);
}

/** Gradients `[O, taps, I/group]` as those of weights `[O, I/group, k...]`. */
export function weightsOfTaps(
  g: GradientContext['g'],
  gradients: string,
  wShape: readonly number[],
): string {
  return g.op('Reshape', [g.op('Transpose', [gradients], { perm: [0, 2, 1] }), g.ints(wShape)]);
}

/** Values side by side along an axis. */
export function joined(g: GradientContext['g'], names: readonly string[], axis: number): string {
  return names.length === 1 ? (names[0] as string) : g.op('Concat', names, { axis });
}
