import { intAttribute, intsAttribute, type Node, stringAttribute } from '../graph/graph.ts';
import { blockedConvolution, blockWeights, isBlockable } from './blocked-convolution.ts';
import { weightGradient } from './convolution.ts';
import type { ConvolutionGeometry, Shapes } from './convolution-geometry.ts';
import type { GradientContext, GradientRule } from './gradient-rule.ts';

/**
 * Transposed convolution, Y = X *ᵀ W + b with W `[I, O/group, k...]`: the map whose matrix is that of
 * a convolution from Y to X, transposed. So dX is that convolution of dY, dW its weight gradient
 * with X and dY in each other's place, db the sum of dY.
 *
 * @see Dumoulin and Visin 2016, A guide to convolution arithmetic, chapter 4
 */
export const transposedConvolution: GradientRule = (context) => {
  const { g, node, needs } = context;
  const dY = context.gradient();
  if (dY === undefined) return [];
  const [x, w] = [context.input(0), context.input(1)];
  const wShape = context.value(w).shape;
  const shapes: Shapes = {
    xShape: context.value(context.output()).shape,
    wShape,
    yShape: context.value(x).shape,
  };
  const geometry = transposedGeometry(node, shapes);
  const spatial = wShape.slice(2).map((_, d) => d + 2);
  return [
    needs(0) ? inputGradient(context, dY, w, shapes, geometry) : undefined,
    needs(1) ? weightGradient(context, dY, x, shapes, geometry) : undefined,
    needs(2) ? g.op('ReduceSum', [dY, g.ints([0, ...spatial])], { keepdims: 0 }) : undefined,
  ];
};

/** The geometry of the convolution that is transposed: it reads Y and makes X. */
function transposedGeometry(node: Node, { xShape, wShape, yShape }: Shapes): ConvolutionGeometry {
  const kernel = wShape.slice(2);
  const ones = kernel.map(() => 1);
  const zeros = kernel.map(() => 0);
  const strides = intsAttribute(node, 'strides', ones);
  const dilations = intsAttribute(node, 'dilations', ones);
  const group = intAttribute(node, 'group', 1);
  const autoPad = stringAttribute(node, 'auto_pad', 'NOTSET');
  const outputPadding = intsAttribute(node, 'output_padding', zeros);
  let pads = intsAttribute(node, 'pads', [...zeros, ...zeros]);
  if (autoPad.startsWith('SAME') || node.attributes.output_shape !== undefined) {
    // The output is given: padding is what was cut off.
    const totals = kernel.map((extent, d) => {
      const reach = (dilations[d] as number) * (extent - 1) + 1;
      const whole = ((yShape[d + 2] as number) - 1) * (strides[d] as number) + reach;
      return Math.max(0, whole + (outputPadding[d] as number) - (xShape[d + 2] as number));
    });
    const smaller = totals.map((total) => Math.floor(total / 2));
    const larger = totals.map((total) => Math.ceil(total / 2));
    pads = autoPad === 'SAME_UPPER' ? [...smaller, ...larger] : [...larger, ...smaller];
  } else if (autoPad === 'VALID') {
    pads = [...zeros, ...zeros];
  }
  return { kernel, strides, dilations, pads, group };
}

/** The convolution of dY, by the blocked kernel where it fits. */
function inputGradient(
  { g, kernels }: GradientContext,
  dY: string,
  w: string,
  { wShape }: Shapes,
  { kernel, strides, dilations, pads, group }: ConvolutionGeometry,
): string {
  const block = kernels.nchwcBlock;
  if (isBlockable(wShape, group, block) && (wShape[1] as number) >= block) {
    return blockedConvolution(g, {
      x: dY,
      weight: blockWeights(g, w, wShape, block),
      weightShape: wShape,
      strides,
      dilations,
      pads,
      block,
    });
  }
  return g.op('Conv', [dY, w], { kernel_shape: kernel, strides, dilations, pads, group });
}
