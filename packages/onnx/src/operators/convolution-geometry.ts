import { intAttribute, intsAttribute, type Node, stringAttribute } from '../graph/graph.ts';

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

/** Extents of what a convolution reads, of its weights and of what it makes. */
export interface Shapes {
  readonly xShape: readonly number[];
  readonly wShape: readonly number[];
  readonly yShape: readonly number[];
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

/** All positions of a window, the last axis fastest. */
export function offsets(kernel: readonly number[]): number[][] {
  return kernel.reduce<number[][]>(
    (all, extent) => all.flatMap((head) => Array.from({ length: extent }, (_, o) => [...head, o])),
    [[]],
  );
}
