import { sizeOf } from '../graph/tensor-data.ts';
import {
  blockedConvolution,
  blockReversedWeights,
  isBlockable,
  nchwc,
  reverseTaps,
  swapAxes,
} from './blocked-convolution.ts';
import {
  type ConvolutionGeometry,
  type ConvolutionShapes,
  geometryOf,
  isDepthwise,
} from './convolution-geometry.ts';
import { depthwiseInputGradient, depthwiseWeightGradient } from './depthwise-convolution.ts';
import { gatheredWeightGradient, gathersWell, manyPositions } from './gathered-weight-gradient.ts';
import type { GradientContext, GradientRule } from './gradient-rule.ts';
import { tapwiseWeightGradient } from './tapwise-weight-gradient.ts';
import {
  suitsWinograd,
  winogradConvolution,
  winogradWeightGradient,
} from './winograd-convolution.ts';

/**
 * Convolution over D spatial axes. With Y = X * W + b:
 * dX is the full correlation of dY with the flipped weights, dW the correlation of X with dY over
 * batch and space, db the sum of dY.
 */
export const convolution: GradientRule = (context) => {
  const { node, needs } = context;
  const dY = context.gradient();
  if (dY === undefined) return [];
  const [x, w] = [context.input(0), context.input(1)];
  const xShape = context.value(x).shape;
  const wShape = context.value(w).shape;
  const yShape = context.value(context.output()).shape;
  const geometry = geometryOf(node, wShape.slice(2), xShape.slice(2), yShape.slice(2));
  const spatial = wShape.slice(2).map((_, d) => d + 2);
  return [
    needs(0) ? inputGradient(context, dY, w, { xShape, wShape, yShape }, geometry) : undefined,
    needs(1) ? weightGradient(context, x, dY, { xShape, wShape, yShape }, geometry) : undefined,
    needs(2)
      ? context.g.op('ReduceSum', [dY, context.g.ints([0, ...spatial])], { keepdims: 0 })
      : undefined,
  ];
};

/**
 * Share of positions of dY among those of X from which on the flipped convolution is as fast as
 * ConvTranspose: it multiplies for each position of X, and ConvTranspose for each of dY.
 */
const MOSTLY_SEEN = 0.8;

/**
 * With stride 1, and one group or one for each channel, a convolution of dY with the taps backwards: measured
 * as fast as ConvTranspose or faster, unless many of its products are with padding. Otherwise
 * ConvTranspose, which undoes strides and groups.
 */
function inputGradient(
  context: GradientContext,
  dY: string,
  w: string,
  { xShape, wShape, yShape }: ConvolutionShapes,
  geometry: ConvolutionGeometry,
): string {
  const { g, kernels } = context;
  const { kernel, strides, dilations, pads, group } = geometry;
  const D = kernel.length;
  const reach = kernel.map((extent, d) => (dilations[d] as number) * (extent - 1));
  const around = [...reach, ...reach].map((r, side) => r - (pads[side] as number));
  if (strides.every((s) => s === 1) && around.every((pad) => pad >= 0)) {
    if (isDepthwise(wShape, group)) {
      return depthwiseInputGradient(context, dY, w, wShape, geometry, around);
    }
    const [out, into] = wShape as [number, number];
    const reversedShape = [into, out, ...kernel];
    const { nchwcBlock: block, matrixConvolutions } = kernels;
    const backwards = { strides, dilations, pads: around, group };
    if (matrixConvolutions && suitsWinograd(reversedShape, xShape.slice(2), backwards)) {
      return winogradConvolution(g, {
        x: dY,
        weight: w,
        xShape: yShape,
        yShape: xShape,
        kernel,
        pads: around,
        backwards: true,
      });
    }
    if (isBlockable(reversedShape, group, block) && out >= block) {
      return blockedConvolution(g, {
        x: dY,
        weight: blockReversedWeights(g, w, wShape, block),
        weightShape: reversedShape,
        strides,
        dilations,
        pads: around,
        block,
      });
    }
    const seen = sizeOf(yShape.slice(2)) / sizeOf(xShape.slice(2));
    if (group === 1 && seen >= MOSTLY_SEEN) {
      const taps = sizeOf(kernel);
      // [I, taps, O]: whole rows are copied when the taps are turned around.
      const rows = swapAxes(g, w, [1, out, into * taps]);
      const backwards = swapAxes(g, reverseTaps(g, rows, into, taps, out), [into, taps, out]);
      const weight = g.op('Reshape', [backwards, g.ints(reversedShape)]);
      return g.op('Conv', [dY, weight], { kernel_shape: kernel, dilations, pads: around });
    }
  }
  const outputPadding = kernel.map((_, d) => {
    const covered =
      ((yShape[d + 2] as number) - 1) * (strides[d] as number) +
      (reach[d] as number) +
      1 -
      (pads[d] as number) -
      (pads[d + D] as number);
    return (xShape[d + 2] as number) - covered;
  });
  return g.op('ConvTranspose', [dY, w], {
    kernel_shape: kernel,
    strides,
    dilations,
    pads,
    group,
    output_padding: outputPadding,
  });
}

/**
 * The correlation of X with dY over batch and space, tap by tap of a window: the gradient of
 * convolution weights `[O, I/group, k...]`, by the kernel that is fastest here.
 */
export function weightGradient(
  context: GradientContext,
  x: string,
  dY: string,
  shapes: ConvolutionShapes,
  geometry: ConvolutionGeometry,
): string {
  const { nchwcBlock: block, batchMultiple } = context.kernels;
  const { wShape, yShape } = shapes;
  if (isDepthwise(wShape, geometry.group)) {
    return depthwiseWeightGradient(context, x, dY, shapes, geometry);
  }
  const blockable =
    block > 0 &&
    geometry.kernel.length === 2 &&
    geometry.group === 1 &&
    batchMultiple % block === 0 &&
    (wShape[0] as number) % block === 0;
  if (blockable) return blockedWeightGradient(context, x, dY, shapes, geometry);
  if (!context.kernels.matrixConvolutions || !gathersWell(wShape, yShape, geometry.group)) {
    return tapwiseWeightGradient(context, x, dY, shapes, geometry);
  }
  return manyPositions(yShape) && suitsWinograd(wShape, yShape.slice(2), geometry)
    ? winogradWeightGradient(context.g, x, dY, shapes, geometry)
    : gatheredWeightGradient(context, x, dY, shapes, geometry);
}

/**
 * The weight gradient as a convolution in which batch and channels change places: X as `I` images
 * with `N` channels, dY as `O` kernels over `N` channels, the result `[I, O, kH, kW]`. Strides and
 * dilations change places too.
 */
function blockedWeightGradient(
  { g, kernels }: GradientContext,
  x: string,
  dY: string,
  { xShape, wShape, yShape }: ConvolutionShapes,
  { kernel, strides, dilations, pads }: ConvolutionGeometry,
): string {
  const block = kernels.nchwcBlock;
  const [out] = wShape as [number];
  const [, , yHeight, yWidth] = yShape as [number, number, number, number];
  const images = nchwc(g, 'ReorderInput', [g.op('Transpose', [x], { perm: [1, 0, 2, 3] })]);
  // dY as blocked weights, [O/b, N/b, H, W, b(N), b(O)]: by way of NHWC, the last transpose moves whole blocks.
  const channelsLast = g.op('Transpose', [dY], { perm: [0, 2, 3, 1] });
  const split = g.op('Reshape', [
    channelsLast,
    g.ints([-1, block, yHeight * yWidth, out / block, block]),
  ]);
  const weights = g.op('Reshape', [
    g.op('Transpose', [split], { perm: [3, 0, 2, 1, 4] }),
    g.ints([out, -1, yHeight, yWidth]),
  ]);
  const convolved = nchwc(g, 'Conv', [images, weights], {
    kernel_shape: [yHeight, yWidth],
    strides: dilations,
    dilations: strides,
    pads,
  });
  // Positions of X that no window reached make the result larger than the kernel: cut them off.
  const extents = kernel.map((_, d) => {
    const reach = (strides[d] as number) * ((yShape[d + 2] as number) - 1) + 1;
    const padded = (xShape[d + 2] as number) + (pads[d] as number) + (pads[d + 2] as number);
    return Math.floor((padded - reach) / (dilations[d] as number)) + 1;
  });
  const [into] = wShape.slice(1) as [number];
  const taps = kernel.reduce((product, extent) => product * extent, 1);
  let blocks = convolved;
  if (extents.some((extent, d) => extent !== kernel[d])) {
    const axes = g.op('Reshape', [convolved, g.ints([into, out / block, ...extents, block])]);
    blocks = g.op('Slice', [axes, g.ints([0, 0]), g.ints(kernel), g.ints([2, 3])]);
  }
  // [I, O/b, taps, b(O)] to [O, I, taps].
  const outFirst = swapAxes(g, blocks, [1, into, out / block, taps * block]);
  return g.op('Reshape', [
    swapAxes(g, outFirst, [out / block, into * taps, block]),
    g.ints(wShape),
  ]);
}
