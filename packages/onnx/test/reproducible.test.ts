import { createRng } from '@baal/core';
import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../src/graph/graph-builder.ts';
import { float32Tensor, type TensorData } from '../src/graph/tensor-data.ts';
import { batchNorm } from '../src/layers/batch-norm.ts';
import { conv2d } from '../src/layers/convolution.ts';
import { dense } from '../src/layers/dense.ts';
import { embedding, positionEmbedding } from '../src/layers/embedding.ts';
import type { Layer } from '../src/layers/layer.ts';
import { groupNorm } from '../src/layers/normalization.ts';
import { averagePool2d, globalAveragePool, maxPool2d } from '../src/layers/pool.ts';
import { gru, lstm } from '../src/layers/recurrent.ts';
import { meanOverTokens } from '../src/layers/sequence.ts';
import { dropout, flatten, relu } from '../src/layers/simple.ts';
import { transformerEncoder } from '../src/layers/transformer-encoder.ts';
import { unet } from '../src/layers/unet.ts';
import { createLoss } from '../src/losses/get-loss.ts';
import { createModel, type Model } from '../src/model.ts';
import { createOptimizer } from '../src/optimizers/create-optimizer.ts';
import { loadOnnxRuntime } from '../src/runtime/onnx-runtime.ts';
import { Trainer } from '../src/training/trainer.ts';
import { inputs, network, rng } from './network-check.ts';

const runtime = await loadOnnxRuntime();
const steps = 4;

type Values = Float32Array | Float64Array;
type Learnt = Readonly<Record<string, Values>>;

/** All that some training steps make, on a session of its own: losses, gradients, parameters, statistics. */
async function learn(model: Model, batch: TensorData, threads: number): Promise<Learnt> {
  const size = batch.shape[0] as number;
  const { shape = [] } = model.graph.outputs.find(({ name }) => name === model.output) ?? {};
  const pixels = shape.slice(2).reduce<number>((product, extent) => product * Number(extent), 1);
  const stream = rng.fork('targets');
  const targets = Array.from({ length: size }, (_, i) =>
    shape.length > 2
      ? {
          data: Int32Array.from({ length: pixels }, () => stream.int(3)),
          shape: shape.slice(2) as number[],
        }
      : i % 3,
  );
  const trainer = await Trainer.create(runtime, model, {
    losses: [{ output: model.output, loss: createLoss({ kind: 'crossEntropy' }) }],
    optimizer: (length) => createOptimizer({ kind: 'adam', lr: 0.01 }, length),
    threads,
  });
  try {
    const made: Record<string, Values> = {};
    for (let step = 0; step < steps; step++) {
      const { loss } = await trainer.step(
        {
          size,
          inputs: { [model.graph.inputs[0]?.name as string]: batch },
          targets: [targets],
          nameOf: String,
        },
        createRng(`step ${step}`),
      );
      made[`loss ${step}`] = Float64Array.of(loss);
      for (const name of trainer.gradients.names) {
        const gradient = trainer.gradients.view(name).slice();
        expect(
          gradient.some((value) => value !== 0),
          `gradient of ${name}`,
        ).toBe(true);
        made[`gradient ${name} ${step}`] = gradient;
      }
    }
    for (const [name, { data }] of trainer.weights()) {
      made[name] = (data as Float32Array).slice();
    }
    return made;
  } finally {
    await trainer.dispose();
  }
}

/** An embedding whose rows are put together by ScatterND, with each position several times. */
function scattered(): Model {
  const g = new GraphBuilder();
  g.input({ name: 'input', type: 'float32', shape: ['batch', 64] });
  const stream = rng.fork('scattered');
  const weights = (name: string, shape: number[]): string =>
    g.initializer(
      name,
      float32Tensor(
        Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => 0.2 * stream.normal()),
        shape,
      ),
    );
  const hidden = g.op('Tanh', [g.op('MatMul', ['input', weights('w', [64, 4096])])]);
  const columns = g.op('Transpose', [hidden], { perm: [1, 0] });
  // Row r of 4096 is added to row r mod 64.
  const places = Array.from({ length: 4096 }, (_, r) => r % 64);
  const indices = g.initializer('indices', {
    type: 'int64',
    shape: [4096, 1],
    data: BigInt64Array.from(places, BigInt),
  });
  const gathered = g.op('GatherND', [columns, indices]);
  const sums = g.op('Transpose', [g.op('Mul', [columns, gathered])], { perm: [1, 0] });
  g.output(g.op('MatMul', [sums, weights('v', [4096, 3])]));
  return createModel(g.build(), { kind: 'logits' });
}

const images = (size: number, channels = 3): TensorData => inputs(size, [channels, 24, 24]);
const tokens = inputs(16, [48], 40);
const networks: [string, Model, TensorData][] = [
  ...(
    [
      [
        'convolutions',
        images(12),
        [
          conv2d(16, 3),
          relu(),
          maxPool2d(2),
          conv2d(16, 5),
          relu(),
          dropout(0.25),
          flatten(),
          dense(32),
          relu(),
          dense(3),
        ],
      ],
      [
        'convolutions with batches of whole blocks',
        images(16),
        [conv2d(16, 3), relu(), conv2d(16, 3), relu(), averagePool2d(2), flatten(), dense(3)],
      ],
      [
        'batch normalisation, strides and depthwise convolutions',
        images(12),
        [
          conv2d(16, 3, { stride: 2, bias: false }),
          batchNorm(),
          relu(),
          conv2d(16, 3, { groups: 16, padding: 1, bias: false }),
          batchNorm(),
          relu(),
          conv2d(32, 1),
          groupNorm(4),
          relu(),
          maxPool2d(3, { stride: 2 }),
          globalAveragePool(),
          dense(3),
        ],
      ],
      ['a U-Net', images(6), [unet({ filters: [8, 16, 32], dropout: 0.5 }), conv2d(3, 1)]],
      [
        'a transformer over embeddings',
        tokens,
        [
          embedding(40, 64),
          positionEmbedding(),
          transformerEncoder({ heads: 4, feedForward: 128, layers: 2, activation: 'gelu' }),
          meanOverTokens(),
          dense(3),
        ],
      ],
      [
        'an LSTM over embeddings',
        tokens,
        [embedding(40, 32), lstm(48, { bidirectional: true, returns: 'last' }), dense(3)],
      ],
      [
        'a GRU over embeddings',
        tokens,
        [embedding(40, 32), gru(48, { layers: 2, returns: 'last' }), dense(3)],
      ],
    ] as [string, TensorData, Layer[]][]
  ).map(([name, batch, layers]): [string, Model, TensorData] => [
    name,
    network(layers, batch),
    batch,
  ]),
  ['scattered rows', scattered(), inputs(32, [64])],
];

/** Names of what is not the same to the last bit. */
function differing(one: Learnt, other: Learnt): string[] {
  return Object.keys(one).filter((name) => {
    const [a, b] = [one[name], other[name]].map((values) => Buffer.from((values as Values).buffer));
    return Buffer.compare(a as Buffer, b as Buffer) !== 0;
  });
}

/** The largest difference of the losses and gradients of the first step, in parts of the largest value of each. */
function firstDifference(one: Learnt, other: Learnt): number {
  const parts = Object.keys(one).filter((name) => /^(loss|gradient .*) 0$/.test(name));
  const of = (name: string): number => {
    const [a, b] = [one[name] as Values, other[name] as Values];
    let difference = 0;
    let largest = 0;
    a.forEach((value, i) => {
      difference = Math.max(difference, Math.abs(value - (b[i] as number)));
      largest = Math.max(largest, Math.abs(value));
    });
    return difference / largest;
  };
  return Math.max(...parts.map(of));
}

describe.each(networks)('%s', (_, model, batch) => {
  it('learns the same to the last bit with as many threads, to rounding with others', async () => {
    const made: Learnt[] = [];
    for (const threads of [1, 2, 3]) {
      const once = await learn(model, batch, threads);
      expect(Object.keys(once).length).toBeGreaterThan(2 * steps);
      expect(differing(once, await learn(model, batch, threads)), `${threads} threads`).toEqual([]);
      made.push(once);
    }
    const [one, ...others] = made as [Learnt, ...Learnt[]];
    for (const other of others) expect(firstDifference(one, other)).toBeLessThan(1e-5);
  });
});
