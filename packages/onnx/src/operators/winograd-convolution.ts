import type { GraphBuilder } from '../graph/graph-builder.ts';
import { float32Tensor, sizeOf } from '../graph/tensor-data.ts';
import {
  type ConvolutionGeometry,
  type ConvolutionShapes,
  LAID_OUT_BYTES,
} from './convolution-geometry.ts';
import { type MinimalFilter, minimalFilter, RESULTS } from './minimal-filter.ts';

/*
 * Convolution over two axes, its rows by minimal filtering: the products of r + 1 combinations of rows replace those
 * of 2r rows, for 3x3 a third fewer, for 4x4 three eighths. Channels are laid out last, so that a combination of rows
 * is one operation on long rows, what the taps of a row see is gathered in whole pixels, and the rest is one matrix
 * product for each combination.
 *
 * Measured in WebAssembly beside its convolution kernels, forward, input gradient and weight gradient, in ms: 32 to
 * 32 filters 4x4 on 25x25, batch 128, 73, 98, 65 against 94, 151, 118; 128 to 128, 3x3 on 8x8, batch 32, 15, 20, 28
 * against 27, 29, 36; 16 to 16, 3x3 on 64x64, batch 8, 12, 12, 8 against 8, 20, 12. The results differ from those
 * of the kernels by less than 5e-6 of the largest.
 */

/** Channels, of what is read and of what is made, from which on the products outweigh the transformations. */
const CHANNELS = 32;

/** Rows of a filter: fewer save too little, more need points whose powers are large. */
const [FEWEST_ROWS, MOST_ROWS] = [3, 5];

/**
 * Whether a convolution is one that these functions compute, and faster than the kernels.
 *
 * @param weightShape `[O, I, kH, kW]`
 * @param made extents of the result, `[H', W']`
 */
export function suitsWinograd(
  weightShape: readonly number[],
  made: readonly number[],
  { strides, dilations, group, pads }: Omit<ConvolutionGeometry, 'kernel'>,
): boolean {
  if (weightShape.length !== 4 || group !== 1) return false;
  const [out, into, rows, columns] = weightShape as [number, number, number, number];
  const seen = (4 * sizeOf(made) * into * columns * (rows + 1)) / RESULTS;
  return (
    Math.min(out, into) >= CHANNELS &&
    rows >= FEWEST_ROWS &&
    rows <= MOST_ROWS &&
    seen <= LAID_OUT_BYTES &&
    [...strides, ...dilations].every((step) => step === 1) &&
    pads.every((pad) => pad >= 0)
  );
}

/** What {@link winogradConvolution} computes. */
export interface WinogradConvolution {
  /** Input, `[N, I, H, W]`. */
  readonly x: string;
  /** Weights, `[O, I, kH, kW]`, or `[I, O, kH, kW]` for `backwards`. */
  readonly weight: string;
  /** Bias, `[O]`, if there is one. */
  readonly bias?: string;
  /** Extents of the input and of the result. */
  readonly xShape: readonly number[];
  readonly yShape: readonly number[];
  /** Extents of the window. */
  readonly kernel: readonly number[];
  /** Top, left, bottom, right. */
  readonly pads: readonly number[];
  /** Whether the taps run backwards, as they do in the gradient of the input; false by default. */
  readonly backwards?: boolean;
}

/** Appends a convolution with steps of 1: `[N, O, H', W']`. */
export function winogradConvolution(g: GraphBuilder, settings: WinogradConvolution): string {
  const { x, weight, bias, xShape, yShape, kernel, pads, backwards = false } = settings;
  const [, into = 0] = xShape;
  const [, out = 0, height = 0, width = 0] = yShape as [number, number, number, number];
  const [rows = 0, columns = 0] = kernel;
  const filter = minimalFilter(rows);
  const products = filter.data.length;
  const tiles = Math.ceil(height / RESULTS);
  const seen = seenByRows(g, { x, xShape, yShape, kernel, pads, backwards }, filter);
  // [kH, kW, I, O]; rows that run backwards meet the columns of G in that order, and columns are gathered so.
  const tapsFirst = g.op('Transpose', [weight], { perm: backwards ? [2, 3, 0, 1] : [2, 3, 1, 0] });
  const ofRows = filter.weights.map((row) => (backwards ? row.toReversed() : row));
  const combined = g.op('MatMul', [
    matrix(g, ofRows),
    g.op('Reshape', [tapsFirst, g.ints([rows, -1])]),
  ]);
  const product = g.op('MatMul', [
    seen,
    g.op('Reshape', [combined, g.ints([products, columns * into, out])]),
  ]);
  const results = g.op('MatMul', [
    matrix(g, transposed(filter.results)),
    g.op('Reshape', [product, g.ints([0, products, -1])]),
  ]);
  const pixels = g.op('Reshape', [results, g.ints([0, RESULTS, tiles, width, out])]);
  const biased = bias === undefined ? pixels : g.op('Add', [pixels, bias]);
  const channelsFirst = g.op('Reshape', [
    g.op('Transpose', [biased], { perm: [0, 4, 2, 1, 3] }),
    g.ints([0, out, tiles * RESULTS, width]),
  ]);
  return tiles * RESULTS === height
    ? channelsFirst
    : g.op('Slice', [channelsFirst, g.ints([0]), g.ints([height]), g.ints([2])]);
}

/** Appends the gradient of the weights `[O, I, kH, kW]` of a convolution with steps of 1, image by image. */
export function winogradWeightGradient(
  g: GraphBuilder,
  x: string,
  dY: string,
  { xShape, wShape, yShape }: ConvolutionShapes,
  { kernel, pads }: ConvolutionGeometry,
): string {
  const [out = 0, into = 0] = wShape;
  const [, , height, width] = yShape as [number, number, number, number];
  const [rows = 0, columns = 0] = kernel;
  const filter = minimalFilter(rows);
  const products = filter.data.length;
  const tiles = Math.ceil(height / RESULTS);
  const seen = seenByRows(g, { x, xShape, yShape, kernel, pads }, filter);
  const missing = tiles * RESULTS - height;
  const filled = missing === 0 ? dY : g.op('Pad', [dY, g.ints([0, 0, 0, 0, 0, 0, missing, 0])]);
  // [N, O, tiles, 2, W'] to [N, products, O, tiles · W'].
  const split = g.op('Reshape', [filled, g.ints([0, out, tiles, RESULTS, width])]);
  const byResult = g.op('Reshape', [
    g.op('Transpose', [split], { perm: [0, 3, 1, 2, 4] }),
    g.ints([0, RESULTS, -1]),
  ]);
  const ofProducts = g.op('Reshape', [
    g.op('MatMul', [matrix(g, filter.results), byResult]),
    g.ints([0, products, out, tiles * width]),
  ]);
  const sum = g.op('ReduceSum', [g.op('MatMul', [ofProducts, seen]), g.ints([0])], { keepdims: 0 });
  const ofRows = g.op('MatMul', [
    matrix(g, transposed(filter.weights)),
    g.op('Reshape', [sum, g.ints([products, -1])]),
  ]);
  const tapsFirst = g.op('Reshape', [ofRows, g.ints([rows, out, columns, into])]);
  return g.op('Transpose', [tapsFirst], { perm: [1, 3, 0, 2] });
}

/**
 * What the combinations of rows see, `[N, products, tiles · W', kW · I]`. The combinations are a convolution of the
 * image as one channel of rows `W · I` long, which takes care of the padding, too.
 */
function seenByRows(
  g: GraphBuilder,
  { x, xShape, yShape, kernel, pads, backwards = false }: Omit<WinogradConvolution, 'weight'>,
  { data }: MinimalFilter,
): string {
  const [, channels, height, width] = xShape as [number, number, number, number];
  const [, , madeRows, madeColumns] = yShape as [number, number, number, number];
  const [rows = 0, columns = 0] = kernel;
  const [top = 0, left = 0, , right = 0] = pads;
  const tiles = Math.ceil(madeRows / RESULTS);
  const flat = g.op('Reshape', [x, g.ints([0, channels, height * width])]);
  const image = g.op('Reshape', [
    g.op('Transpose', [flat], { perm: [0, 2, 1] }),
    g.ints([0, 1, height, width * channels]),
  ]);
  // The last tile may reach behind the padding, for a row that is cut off again.
  const bottom = tiles * RESULTS + rows - 1 - top - height;
  const kernels = float32Tensor(data.flat(), [data.length, 1, data.length, 1]);
  const combinations = g.op('Conv', [image, g.initializer(g.fresh('rows'), kernels)], {
    kernel_shape: [data.length, 1],
    strides: [RESULTS, 1],
    pads: [top, left * channels, bottom, right * channels],
  });
  const pixels = g.op('Reshape', [
    combinations,
    g.ints([0, data.length, tiles, left + width + right, channels]),
  ]);
  const places = Array.from({ length: madeColumns }, (_, column) =>
    Array.from({ length: columns }, (_, tap) => column + (backwards ? columns - 1 - tap : tap)),
  );
  const index = g.initializer(g.fresh('columns'), {
    type: 'int32',
    shape: [madeColumns, columns],
    data: Int32Array.from(places.flat()),
  });
  return g.op('Reshape', [
    g.op('Gather', [pixels, index], { axis: 3 }),
    g.ints([0, data.length, tiles * madeColumns, columns * channels]),
  ]);
}

function matrix(g: GraphBuilder, rows: readonly (readonly number[])[]): string {
  const values = float32Tensor(rows.flat(), [rows.length, rows[0]?.length ?? 0]);
  return g.initializer(g.fresh('combination'), values);
}

function transposed(rows: readonly (readonly number[])[]): number[][] {
  return (rows[0] ?? []).map((_, column) => rows.map((row) => row[column] as number));
}
