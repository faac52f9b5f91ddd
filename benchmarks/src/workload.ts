import { createRng, type Example, type Predictions, type Rng } from '@baal/core';
import {
  batchNorm,
  chain,
  conv2d,
  dbalCnn,
  dense,
  dropout,
  embedding,
  firstToken,
  flatten,
  globalAveragePool,
  type Layer,
  layerNorm,
  lstm,
  type Model,
  ModelWrapper,
  maxPool2d,
  mlp,
  type OnnxRuntime,
  positionEmbedding,
  relu,
  residual,
  resnet,
  sequential,
  type TrainingArgs,
  transformerEncoder,
  unet,
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
export type Network = 'cnn' | 'mlp' | 'vgg' | 'resnet' | 'mobile' | 'unet' | 'encoder' | 'lstm';

/** Tokens that texts are made of. */
const vocabulary = 1000;

/** Tokens of a text. */
const textLength = 64;

/** A network with what it is measured on. */
interface Architecture {
  /** Extents of an item. */
  readonly input: readonly number[];
  /** What the numbers of an item are; pixels in [0, 1) by default. */
  readonly inputType?: 'int64';
  /** Extents of the labels of an item; one label by default. */
  readonly labels?: readonly number[];
  /** Its layers; a last one makes logits of what they give. */
  readonly layers: () => readonly Layer[];
}

const pair = (filters: number): readonly Layer[] =>
  [0, 1].flatMap(() => [conv2d(filters, 3, { padding: 1, bias: false }), batchNorm(), relu()]);

/** An inverted residual block: six times as many channels, one filter for each of them, few channels again. */
const inverted =
  (filters: number, stride: number): Layer =>
  (context, input) => {
    const wide = 6 * (input.shape[0] as number);
    const depthwise = { stride, padding: 1, groups: wide, bias: false };
    return chain([
      ...[conv2d(wide, 1, { bias: false }), batchNorm(), relu()],
      ...[conv2d(wide, 3, depthwise), batchNorm(), relu()],
      ...[conv2d(filters, 1, { bias: false }), batchNorm()],
    ])(context, input);
  };

const architectures: Readonly<Record<Exclude<Network, 'cnn' | 'mlp' | 'resnet'>, Architecture>> = {
  vgg: {
    input: [3, 32, 32],
    layers: () => [
      ...[32, 64, 128].flatMap((filters) => [...pair(filters), maxPool2d(2)]),
      ...[flatten(), dropout(0.5), dense(classes)],
    ],
  },
  mobile: {
    input: [3, 64, 64],
    layers: () => [
      ...[conv2d(32, 3, { stride: 2, padding: 1, bias: false }), batchNorm(), relu()],
      ...[24, 48, 96].flatMap((filters) => [
        inverted(filters, 2),
        residual([inverted(filters, 1)]),
      ]),
      ...[globalAveragePool(), dropout(0.2), dense(classes)],
    ],
  },
  unet: {
    input: [3, 64, 64],
    labels: [64, 64],
    layers: () => [unet({ filters: [16, 32, 64, 128, 256] }), conv2d(classes, 1)],
  },
  encoder: {
    input: [textLength],
    inputType: 'int64',
    layers: () => [
      ...[embedding(vocabulary, 256), positionEmbedding(), layerNorm(), dropout(0.1)],
      transformerEncoder({ heads: 4, feedForward: 1024, layers: 6, activation: 'gelu' }),
      ...[firstToken(), dense(256), relu(), dropout(0.2), dense(classes)],
    ],
  },
  lstm: {
    input: [textLength],
    inputType: 'int64',
    layers: () => [
      ...[embedding(vocabulary, 128), lstm(128, { returns: 'last' })],
      ...[dropout(0.5), dense(classes)],
    ],
  },
};

/** A model of the benchmark. */
function modelOf(network: Network): Model {
  const rng = stream('weights');
  const images = { inputShape: imageShape, classes, rng };
  if (network === 'cnn') return dbalCnn(images);
  if (network === 'mlp') return mlp(images);
  if (network === 'resnet') return resnet({ ...images, inputShape: [3, 64, 64] });
  const { input, inputType, layers } = architectures[network];
  return sequential({
    inputShape: input,
    ...(inputType === undefined ? {} : { inputType }),
    layers: layers(),
    rng,
  });
}

/** The first `n` random examples of an endless series that a network can be trained on. */
export function examplesFor(network: Network, n: number): readonly Example[] {
  if (network === 'cnn' || network === 'mlp') return randomImages(n).examples;
  const {
    input,
    inputType,
    labels = [],
  } = network === 'resnet' ? { input: [3, 64, 64] } : architectures[network];
  const rng = createRng('benchmarks').fork(network);
  const [values, targets] = [rng.fork('values'), rng.fork('labels')];
  const product = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
  return Array.from({ length: n }, () => {
    const data =
      inputType === 'int64'
        ? BigInt64Array.from({ length: product(input) }, () => BigInt(values.int(vocabulary)))
        : Float32Array.from({ length: product(input) }, () => values.uint32() / 2 ** 32);
    const classOf = Int32Array.from({ length: product(labels) }, () => targets.int(classes));
    const target = labels.length === 0 ? (classOf[0] as number) : { data: classOf, shape: labels };
    return { input: { data, shape: input }, target };
  });
}

/** A wrapped network of the benchmark, on the native runtime if none is given. */
export async function wrap(
  network: Network,
  args: Omit<TrainingArgs, 'epochs'> & { readonly epochs?: number },
  runtime?: OnnxRuntime,
): Promise<ModelWrapper> {
  return ModelWrapper.create(modelOf(network), { epochs: 1, ...args }, runtime);
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
