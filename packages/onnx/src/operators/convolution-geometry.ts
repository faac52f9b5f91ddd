import { intAttribute, intsAttribute, type Node, stringAttribute } from '../graph/graph.ts';
import { sizeOf } from '../graph/tensor-data.ts';

/** The settings of a convolution or pooling over D spatial axes, with padding made explicit. */
export interface ConvolutionGeometry {
  /** Extents of the window, `[D]`. */
  readonly kernel: readonly number[];
  /** Steps, `[D]`. */
  readonly strides: readonly number[];
  /** Distance of the taps, `[D]`. */
  readonly dilations: readonly number[];
  /** Padding before each axis, then after each axis, `[2D]`. */
  readonly pads: readonly number[];
  /** Number of channel groups. */
  readonly group: number;
}

/** Reads the geometry of a node; `SAME_*` padding becomes numbers by the traced extents. */
export function geometryOf(
  node: Node,
  kernel: readonly number[],
  inputExtents: readonly number[],
  outputExtents: readonly number[],
): ConvolutionGeometry {
  const ones = kernel.map(() => 1);
  const strides = intsAttribute(node, 'strides', ones);
  const dilations = intsAttribute(node, 'dilations', ones);
  const autoPad = stringAttribute(node, 'auto_pad', 'NOTSET');
  let pads = intsAttribute(
    node,
    'pads',
    [...kernel, ...kernel].map(() => 0),
  );
  if (autoPad === 'SAME_UPPER' || autoPad === 'SAME_LOWER') {
    const totals = kernel.map((extent, d) =>
      Math.max(
        0,
        ((outputExtents[d] as number) - 1) * (strides[d] as number) +
          (dilations[d] as number) * (extent - 1) +
          1 -
          (inputExtents[d] as number),
      ),
    );
    const smaller = totals.map((total) => Math.floor(total / 2));
    const larger = totals.map((total) => Math.ceil(total / 2));
    pads = autoPad === 'SAME_UPPER' ? [...smaller, ...larger] : [...larger, ...smaller];
  } else if (autoPad === 'VALID') {
    pads = [...kernel, ...kernel].map(() => 0);
  }
  return { kernel, strides, dilations, pads, group: intAttribute(node, 'group', 1) };
}

/** Extents of what a convolution reads, of its weights and of what it makes. */
export interface ConvolutionShapes {
  readonly xShape: readonly number[];
  readonly wShape: readonly number[];
  readonly yShape: readonly number[];
}

/**
 * Bytes of what the taps see in one image, up to which it is laid out in memory for a product: more does not fit a
 * cache, and a batch of it fills the memory of a browser.
 */
export const LAID_OUT_BYTES: number = 2 ** 23;

/** Whether each channel has one filter of its own. */
export function isDepthwise(weightShape: readonly number[], group: number): boolean {
  return group > 1 && weightShape[0] === group && weightShape[1] === 1;
}

/** All index vectors below the extents, the last axis fastest. */
export function indicesOf(extents: readonly number[]): number[][] {
  return extents.reduce<number[][]>(
    (all, extent) => all.flatMap((head) => Array.from({ length: extent }, (_, i) => [...head, i])),
    [[]],
  );
}

/**
 * What the taps of a window see: for each tap, for each position of the window, the place in the flat image, or
 * the place behind the last one if it is padding.
 */
export function placesSeen(
  image: readonly number[],
  positions: readonly number[],
  { kernel, strides, dilations, pads }: Omit<ConvolutionGeometry, 'group'>,
): number[][] {
  const padding = sizeOf(image);
  const windows = indicesOf(positions);
  return indicesOf(kernel).map((tap) =>
    windows.map((window) => {
      let place = 0;
      for (const [d, extent] of image.entries()) {
        const at =
          (window[d] as number) * (strides[d] as number) +
          (tap[d] as number) * (dilations[d] as number) -
          (pads[d] as number);
        if (at < 0 || at >= extent) return padding;
        place = place * extent + at;
      }
      return place;
    }),
  );
}
