import { elementTypeCode } from '../graph/element-types.ts';
import { intAttribute, stringAttribute } from '../graph/graph.ts';
import { float32Tensor, sizeOf } from '../graph/tensor-data.ts';
import type { Lowering, LoweringContext } from './lowering.ts';

/** θ·(positions, 1) for each position of an image of a given size: `[N, 2, 3]` to `[N, H, W, 2]`, or `[N, 3, 4]` to `[N, D, H, W, 3]`. */
export const affineGrid: Lowering = (context) => {
  const { g, node, input, value } = context;
  const extents = value(node.outputs[0] as string).shape.slice(1, -1);
  const aligned = intAttribute(node, 'align_corners', 0) === 1;
  const positions = extents.map((n) =>
    Array.from({ length: n }, (_, i) => {
      if (aligned) return n === 1 ? 0 : (2 * i) / (n - 1) - 1;
      return (2 * i + 1) / n - 1;
    }),
  );
  const D = extents.length;
  // x varies fastest and comes first.
  const rows = positions.reduce<number[][]>(
    (heads, axis) => heads.flatMap((head) => axis.map((x) => [x, ...head])),
    [[]],
  );
  const base = g.initializer(
    g.fresh('positions'),
    float32Tensor(
      rows.flatMap((row) => [...row, 1]),
      [rows.length, D + 1],
    ),
  );
  const columns = g.op('Transpose', [input(0)], { perm: [0, 2, 1] });
  return [g.op('Reshape', [g.op('MatMul', [base, columns]), g.ints([0, ...extents, D])])];
};

/** What one axis of an image adds to the samples: T places of each of the P points, `[N, T, P]`. */
interface Taps {
  readonly count: number;
  /** Which elements, as Int64. */
  readonly index: string;
  /** How much of them; absent: all. */
  readonly weight: string | undefined;
}

/**
 * The image at given points: each is a sum over a few elements (1, 2 or 4 an axis) with weights that depend on the
 * point, so that the gradient reaches the image and the points.
 *
 * @see Jaderberg et al. 2015, Spatial Transformer Networks, section 3.3
 */
export const gridSample: Lowering = (context) => {
  const { g, input, value } = context;
  const { shape } = value(input(0));
  const [, channels = 1, ...extents] = shape;
  const pointExtents = value(input(1)).shape.slice(1, -1);
  const P = sizeOf(pointExtents);
  const D = extents.length;
  const axes = extents.map((n, d) => {
    const last = g.op('Gather', [input(1), g.int(D - 1 - d)], { axis: -1 });
    return tapsOf(context, g.op('Reshape', [last, g.ints([0, P])]), n);
  });
  // Each axis of the image on an axis of its own: [N, T, …, T, P].
  const apart = (name: string, d: number): string => {
    const own = axes.map(({ count }, i) => (i === d ? count : 1));
    return g.op('Reshape', [name, g.ints([0, ...own, P])]);
  };
  const places = axes
    .map(({ index }, d) => apart(index, d))
    .reduce((sum, index, d) =>
      g.op('Add', [g.op('Mul', [sum, g.int(extents[d] as number)]), index]),
    );
  const taps = axes.reduce((product, { count }) => product * count, 1);
  const rows = g.op('Transpose', [g.op('Reshape', [input(0), g.ints([0, channels, -1])])], {
    perm: [0, 2, 1],
  });
  const at = g.op('Reshape', [places, g.ints([0, taps * P, 1])]);
  let samples = g.op('GatherND', [rows, at], { batch_dims: 1 });
  const weights = axes.flatMap(({ weight }, d) => (weight === undefined ? [] : [apart(weight, d)]));
  if (weights.length > 0) {
    const product = weights.reduce((all, weight) => g.op('Mul', [all, weight]));
    const wide = g.op('Reshape', [product, g.ints([0, taps * P, 1])]);
    samples = g.op('Mul', [samples, wide]);
  }
  const sums = g.op(
    'ReduceSum',
    [g.op('Reshape', [samples, g.ints([0, taps, P, channels])]), g.ints([1])],
    { keepdims: 0 },
  );
  const y = g.op('Transpose', [sums], { perm: [0, 2, 1] });
  return [g.op('Reshape', [y, g.ints([0, 0, ...pointExtents])])];
};

/** The elements of an axis of `n` that the values at points in [-1, 1], `[N, P]`, are made of. */
function tapsOf(context: LoweringContext, point: string, n: number): Taps {
  const { g, node } = context;
  const aligned = intAttribute(node, 'align_corners', 0) === 1;
  const mode = stringAttribute(node, 'mode', 'linear');
  const padding = stringAttribute(node, 'padding_mode', 'zeros');
  // Where -1 and 1 are: at the middle of the outer elements, or at their outer edges.
  const ends: Ends = aligned ? [0, n - 1] : [-0.5, n - 0.5];
  const scaled = g.op('Mul', [point, g.float((ends[1] - ends[0]) / 2)]);
  let at = g.op('Add', [scaled, g.float((n - 1) / 2)]);
  if (mode === 'nearest') at = g.op('Round', [at]);
  const whole = g.op('Floor', [at]);
  const kernel = kernelOf(context, mode, g.op('Sub', [at, whole]));
  const stack = (names: readonly string[]): string => {
    const columns = names.map((name) => g.op('Unsqueeze', [name, g.ints([1])]));
    return columns.length === 1 ? (columns[0] as string) : g.op('Concat', columns, { axis: 1 });
  };
  let element = stack(kernel.map(({ step }) => g.op('Add', [whole, g.float(step)])));
  if (padding === 'reflection') element = reflected(context, element, ends);
  const inside = g.op('Clip', [element, g.float(0), g.float(n - 1)]);
  const weights = kernel.flatMap(({ weight }) => (weight === undefined ? [] : [weight]));
  let weight = weights.length === 0 ? undefined : stack(weights);
  if (padding === 'zeros') {
    const kept = g.op('Cast', [g.op('Equal', [inside, element])], {
      to: elementTypeCode('float32'),
    });
    weight = weight === undefined ? kept : g.op('Mul', [weight, kept]);
  }
  const index = g.op('Cast', [inside], { to: elementTypeCode('int64') });
  return { count: kernel.length, index, weight };
}

/** Where an axis begins and ends, in elements. */
type Ends = readonly [low: number, high: number];

/** Elements beyond the ends thrown back, as often as it takes. */
function reflected({ g }: LoweringContext, element: string, [low, high]: Ends): string {
  const range = high - low;
  if (range === 0) return g.op('Mul', [element, g.float(0)]);
  const beyond = g.op('Sub', [element, g.float(low)]);
  const periods = g.op('Floor', [g.op('Mul', [beyond, g.float(1 / (2 * range))])]);
  const t = g.op('Sub', [beyond, g.op('Mul', [periods, g.float(2 * range)])]);
  const back = g.op('Abs', [g.op('Sub', [t, g.float(range)])]);
  return g.op('Sub', [g.float(high), back]);
}

/** Steps from the element before a position, and the weight of each; `f` is how far behind that element it is. */
function kernelOf(
  { g }: LoweringContext,
  mode: string,
  f: string,
): { readonly step: number; readonly weight?: string }[] {
  if (mode === 'nearest') return [{ step: 0 }];
  const rest = g.op('Sub', [g.float(1), f]);
  if (mode.endsWith('linear')) {
    return [
      { step: 0, weight: rest },
      { step: 1, weight: f },
    ];
  }
  const polynomial = (x: string, coefficients: readonly number[]): string =>
    coefficients.map((c) => g.float(c)).reduce((sum, c) => g.op('Add', [g.op('Mul', [sum, x]), c]));
  // Keys 1981, equation 4 with a = -3/4: by the distance of the element.
  const near = [1.25, -2.25, 0, 1];
  const far = [-0.75, 3.75, -6, 3];
  return [
    { step: -1, weight: polynomial(g.op('Add', [f, g.float(1)]), far) },
    { step: 0, weight: polynomial(f, near) },
    { step: 1, weight: polynomial(rest, near) },
    { step: 2, weight: polynomial(g.op('Add', [rest, g.float(1)]), far) },
  ];
}
