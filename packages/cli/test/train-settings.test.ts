import { createRng } from '@baal/core';
import { arrayDataset } from '@baal/datasets';
import { ModelWrapper, parametersOf } from '@baal/onnx';
import { expect, it } from 'vitest';
import { stringify } from 'yaml';
import { buildLearner } from '../src/cell/build-learner.ts';
import { parseConfig } from '../src/config/parse-config.ts';

const N = 24;
const inputs = Float32Array.from({ length: 2 * N }, (_, i) => Math.sin(i));
const targets = Array.from({ length: N }, (_, i) => i % 3);
const dataset = arrayDataset({ inputs, shape: [N, 2], targets });

/** Weights by name, before and after the training that a config describes. */
async function weights(train: object): Promise<readonly Map<string, number[]>[]> {
  const config = parseConfig(
    stringify({
      name: 'tiny',
      dataset: { kind: 'mnist' },
      model: { kind: 'mlp', hidden: [4], dropout: 0.25 },
      train: {
        epochs: 1,
        batchSize: N,
        optimizer: { kind: 'sgd', lr: 0.1, momentum: 0 },
        ...train,
      },
    }),
    'tiny.yaml',
  );
  const learner = await buildLearner(config, dataset, { rng: createRng('weights') });
  if (!(learner instanceof ModelWrapper)) throw new Error('another learner');
  await using model = learner;
  const now = (): Map<string, number[]> =>
    new Map(
      parametersOf(model.model.graph).map((name) => [
        name,
        Array.from(model.model.graph.initializers.get(name)?.data as Float32Array),
      ]),
    );
  const before = now();
  await model.train(dataset, { rng: createRng('train') });
  return [before, now()];
}

it('freezes what the config names, and moves what it names so many times as far', async () => {
  const [before, plain] = (await weights({})) as [Map<string, number[]>, Map<string, number[]>];
  const names = [...before.keys()];
  const last = names.filter((name) => name.startsWith(names.at(-1)?.split('.')[0] as string));
  expect(last.length).toBeLessThan(names.length);
  for (const name of names) expect(plain.get(name)).not.toEqual(before.get(name));
  const [, frozen] = await weights({ freeze: last });
  const [, slower] = await weights({ learningRates: [{ parameters: last, factor: 0.5 }] });
  for (const name of names) {
    const start = before.get(name) as number[];
    const step = (after: Map<string, number[]> | undefined): number[] =>
      (after?.get(name) ?? []).map((value, i) => value - (start[i] as number));
    expect(step(slower)).toHaveLength(start.length);
    const share = last.includes(name) ? 0.5 : 1;
    for (const [i, moved] of step(slower).entries()) {
      expect(moved).toBeCloseTo(share * (step(plain)[i] as number), 6);
    }
    expect(step(frozen)).toEqual(last.includes(name) ? start.map(() => 0) : step(plain));
  }
});
