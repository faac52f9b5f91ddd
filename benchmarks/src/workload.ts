import { createRng, type Example, type Predictions, type Rng } from '@baal/core';
import {
  dbalCnn,
  type Model,
  ModelWrapper,
  mlp,
  type OnnxRuntime,
  type TrainingArgs,
} from '@baal/onnx';

/** Classes of all models. */
export const classes = 10;

/** Extents of an image. */
export const imageShape: readonly number[] = [1, 28, 28];

/** Random images with random labels: times do not depend on what they show. */
export interface Images {
  /** Pixels in [0, 1), image by image. */
  readonly pixels: Float32Array;
  /** A class an image. */
  readonly labels: readonly number[];
  /** The same as examples of a dataset. */
  readonly examples: readonly Example[];
}

/** The first `n` images of an endless series. */
export function randomImages(n: number): Images {
  const rng = createRng('benchmarks').fork('images');
  const size = imageShape.reduce((product, extent) => product * extent, 1);
  const pixels = new Float32Array(n * size);
  const draw = rng.fork('pixels');
  for (let i = 0; i < pixels.length; i++) pixels[i] = draw.uint32() / 2 ** 32;
  const classOf = rng.fork('labels');
  const labels = Array.from({ length: n }, () => classOf.int(classes));
  const examples = labels.map((target, i) => ({
    input: { data: pixels.subarray(i * size, (i + 1) * size), shape: imageShape },
    target,
  }));
  return { pixels, labels, examples };
}

/** The networks of the benchmark, by the names that the reference uses too. */
export type Network = 'cnn' | 'mlp';

/** A wrapped network of the benchmark, on the native runtime if none is given. */
export async function wrap(
  network: Network,
  args: Omit<TrainingArgs, 'epochs'> & { readonly epochs?: number },
  runtime?: OnnxRuntime,
): Promise<ModelWrapper> {
  return ModelWrapper.create(modelOf(network), { epochs: 1, ...args }, runtime);
}

function modelOf(network: Network): Model {
  const options = { inputShape: imageShape, classes, rng: stream('weights') };
  return network === 'cnn' ? dbalCnn(options) : mlp(options);
}

/**
 * Logits `[n, K, C, ...]` of a model: every position has an opinion, normal with deviation 2, and each
 * pass scatters around it with deviation 1. Written into `out` if given, of the same size.
 */
export function modelLogits(
  shape: readonly [number, number, ...number[]],
  rng: Rng,
  out: Float32Array = new Float32Array(shape.reduce((product, extent) => product * extent, 1)),
): Predictions {
  const [n, K] = shape;
  const size = out.length / (n * K);
  const opinion = new Float64Array(size);
  for (let i = 0; i < out.length; i++) {
    const within = i % size;
    if (i % (size * K) < size) opinion[within] = 2 * rng.normal();
    out[i] = (opinion[within] as number) + rng.normal();
  }
  return { data: out, shape, kind: 'logits', samples: 'joint', draw: 'one model' };
}

/** A stream for a purpose. */
export function stream(label: string): Rng {
  return createRng('benchmarks').fork(label);
}
