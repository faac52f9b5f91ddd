import type { Node } from '../graph/graph.ts';
import type { GraphBuilder } from '../graph/graph-builder.ts';
import { float32Tensor, sizeOf } from '../graph/tensor-data.ts';
import { geometryOf, placesSeen } from '../operators/convolution-geometry.ts';
import type { Trace } from '../runtime/trace.ts';

/** Filters for each position that make a convolution worth unfolding: a batch of 16 to 64 items has fewer positions than there are filters then. */
const FILTERS_PER_POSITION = 64;

/**
 * Replaces a convolution with many trained filters over few positions, as at the end of a residual network,
 * by a matrix product: what each filter sees at each position, `[N·P, I·taps]`, times the weights
 * `[O, I·taps]`. A convolution kernel spends its time there on the order of the weights; this one, and its
 * gradients, read and make them as they are. Unfolding is itself a product with a constant of zeros and ones
 * that says which pixel is seen from where, so that its gradient is one, too.
 *
 * Measured on 512 to 512 filters, 3x3, on 2x2 pixels, batch 16, forward and backward: 11 ms against 30.
 *
 * @returns whether the node was replaced
 */
export function unfoldConvolution(
  g: GraphBuilder,
  node: Node,
  trace: Trace,
  trainable: ReadonlySet<string>,
): boolean {
  const [x = '', weight = '', bias = ''] = node.inputs;
  const [output = ''] = node.outputs;
  const shapes = [x, weight, output].map((name) => trace.values.get(name)?.shape);
  const [xShape, wShape, yShape] = shapes;
  if (!trainable.has(weight) || !xShape || !wShape || !yShape) return false;
  const extents = { kernel: wShape.slice(2), seen: xShape.slice(2), made: yShape.slice(2) };
  const geometry = geometryOf(node, extents.kernel, extents.seen, extents.made);
  const [filters, channels] = [wShape[0] as number, wShape[1] as number];
  const positions = sizeOf(extents.made);
  const pixels = sizeOf(extents.seen);
  if (geometry.group !== 1 || positions * FILTERS_PER_POSITION > filters) return false;
  // The constant must not be larger than the weights, as it would be for filters as large as a large image.
  if (pixels * positions > filters * channels) return false;

  const taps = sizeOf(extents.kernel);
  const visible = g.initializer(
    g.fresh(`${output}_visible`),
    float32Tensor(visibility(pixels, placesSeen(extents.seen, extents.made, geometry)), [
      pixels,
      positions * taps,
    ]),
  );
  const seen = g.op('MatMul', [g.op('Reshape', [x, g.ints([0, channels, pixels])]), visible]);
  const byPosition = g.op(
    'Transpose',
    [g.op('Reshape', [seen, g.ints([0, channels, positions, taps])])],
    { perm: [0, 2, 1, 3] },
  );
  const rows = g.op('Reshape', [byPosition, g.ints([-1, channels * taps])]);
  const matrix = g.op('Reshape', [weight, g.ints([filters, channels * taps])]);
  const made = g.op('Gemm', bias === '' ? [rows, matrix] : [rows, matrix, bias], { transB: 1 });
  const filtersFirst = g.op(
    'Transpose',
    [g.op('Reshape', [made, g.ints([-1, positions, filters])])],
    { perm: [0, 2, 1] },
  );
  g.node({
    name: node.name,
    opType: 'Reshape',
    domain: '',
    inputs: [filtersFirst, g.ints([-1, filters, ...extents.made])],
    outputs: node.outputs,
    attributes: {},
  });
  return true;
}

/** 1 where a pixel is what a tap sees from a position, else 0: `[pixels, positions · taps]`. */
function visibility(pixels: number, places: readonly (readonly number[])[]): Float32Array {
  const [taps, positions] = [places.length, places[0]?.length ?? 0];
  const visible = new Float32Array(pixels * positions * taps);
  for (const [tap, seen] of places.entries()) {
    for (const [position, pixel] of seen.entries()) {
      if (pixel < pixels) visible[(pixel * positions + position) * taps + tap] = 1;
    }
  }
  return visible;
}
