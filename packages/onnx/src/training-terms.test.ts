import { createRng } from '@baal/core';
import { blobs } from '@baal/core/testing';
import { afterAll, describe, expect, it } from 'vitest';
import { dense } from './layers/dense.ts';
import { sequential } from './layers/sequential.ts';
import type { Model } from './model.ts';
import { ModelWrapper } from './model-wrapper.ts';
import type { TrainingArgs } from './training-args.ts';

const rng = createRng('training terms');
const items = blobs({ n: 30, features: 8, rng: rng.fork('blobs') });
const args: TrainingArgs = {
  optimizer: { kind: 'adam', lr: 0.02 },
  epochs: 4,
  batchSize: 8,
  threads: 1,
};
const open: ModelWrapper[] = [];
afterAll(async () => {
  for (const wrapper of open) await wrapper.dispose();
});
async function wrap(model: Model, changes: Partial<TrainingArgs> = {}): Promise<ModelWrapper> {
  const wrapper = await ModelWrapper.create(model, { ...args, ...changes });
  open.push(wrapper);
  return wrapper;
}

describe('loss and regulariser', () => {
  const linear = (): Model =>
    sequential({ inputShape: [8], rng: rng.fork('linear'), layers: [dense(3)] });

  it('adds the slope of the penalties, and shows the loss without them', async () => {
    const one = { optimizer: { kind: 'sgd', lr: 1 }, epochs: 1, batchSize: 30 } as const;
    const plain = await wrap(linear(), one);
    const penalised = await wrap(linear(), {
      ...one,
      regularizer: [
        { kind: 'l2', coefficient: 0.05, parameters: '*.weight' },
        { kind: 'l1', coefficient: 0.02 },
      ],
    });
    const [a] = await plain.trainOnDataset(items, { rng });
    const [b] = await penalised.trainOnDataset(items, { rng });
    expect(b).toEqual(a);
    for (const name of ['dense1.weight', 'dense1.bias']) {
      const at = (model: Model): Float32Array =>
        model.graph.initializers.get(name)?.data as Float32Array;
      const [start, without, found] = [at(linear()), at(plain.model), at(penalised.model)];
      start.forEach((w, i) => {
        const slope = (name.endsWith('weight') ? 2 * 0.05 * w : 0) + 0.02 * Math.sign(w);
        expect(found[i]).toBeCloseTo((without[i] as number) - slope, 5);
      });
    }
  });

  it('takes both as functions of the graph', async () => {
    const wrapper = await wrap(linear(), {
      epochs: 8,
      loss: {
        name: 'own',
        append: (g, output) => ({
          loss: g.op('ReduceMean', [g.op('Mul', [output.name, output.name])], { keepdims: 0 }),
          inputs: [],
        }),
        feeds: () => ({}),
      },
      regularizer: (g, parameters) =>
        parameters
          .map((name) => g.op('ReduceSumSquare', [name], { keepdims: 0 }))
          .reduce((sum, term) => g.op('Add', [sum, term])),
    });
    const history = await wrapper.trainOnDataset(items, { rng });
    expect(history.at(-1)?.loss).toBeLessThan(0.5 * (history[0]?.loss as number));
  });

  it.each<readonly [Partial<TrainingArgs>, RegExp]>([
    [{ regularizer: [] }, /no penalty given/],
    [{ regularizer: [{ kind: 'l2', coefficient: -1 }] }, /coefficient of penalty 0 is -1/],
    [{ regularizer: [{ kind: 'l3' as 'l2', coefficient: 1 }] }, /kind of penalty 0 is "l3"/],
    [
      { regularizer: [{ kind: 'l1', coefficient: 1, parameters: 'conv*' }] },
      /"conv\*" matches no parameter/,
    ],
    [
      { regularizer: (g, [first = '']) => g.op('Abs', [first]) },
      /loss has shape \[3,8\], expected a scalar|loss has shape \[3, 8\]/,
    ],
    [{ prefixCache: { memoryBudgetBytes: -1 } }, /memoryBudgetBytes is -1/],
    [{ schedule: { kind: 'cosine', length: 0 } }, /length is 0/],
  ])('refuses %j', async (changes, message) => {
    await expect(wrap(linear(), changes)).rejects.toThrow(message);
  });
});
