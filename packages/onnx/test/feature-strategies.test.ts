import {
  ActiveLearningDataset,
  ActiveLearningExperiment,
  createRng,
  encodeRound,
  getHeuristic,
  type HeuristicConfig,
} from '@baal/core';
import { blobs } from '@baal/core/testing';
import { describe, expect, it } from 'vitest';
import { mcDropout } from '../src/bayesian/mc-dropout.ts';
import { mlp } from '../src/layers/networks.ts';
import { ModelWrapper } from '../src/model-wrapper.ts';

const rng = createRng('feature-strategies');
const data = rng.fork('blobs');

/** The lines of a journal of a small run, with everything made anew. */
async function run(heuristic: HeuristicConfig, seed: number): Promise<string[]> {
  const stream = createRng(seed);
  const dataset = new ActiveLearningDataset(blobs({ n: 60, features: 5, rng: data }));
  dataset.labelRandomly(4, stream.fork('initial'));
  const model = mlp({ inputShape: [5], classes: 3, hidden: [12, 8], rng: stream.fork('weights') });
  const learner = await ModelWrapper.create(mcDropout(model), {
    optimizer: { kind: 'adam', lr: 0.02 },
    epochs: 5,
    threads: 1,
    memoryBudgetBytes: 16_384, // several runs for a pool
  });
  try {
    const experiment = new ActiveLearningExperiment({
      learner,
      dataset,
      evaluation: blobs({ n: 30, features: 5, rng: data, split: 'test' }),
      heuristic: getHeuristic(heuristic),
      querySize: 6,
      iterations: 5,
      averagePredictions: 5,
      rounds: 4,
      rng: stream.fork('experiment'),
    });
    const records = await experiment.start();
    const acquired = records.flatMap((record) => record.acquired);
    expect(new Set(acquired).size).toBe(18);
    expect(records.map(({ labelled }) => labelled)).toEqual([4, 10, 16, 22]);
    return records.map(encodeRound);
  } finally {
    await learner.dispose();
  }
}

describe('an experiment with an ONNX model and a strategy over features', () => {
  const strategies: readonly HeuristicConfig[] = [
    'badge',
    'coreSet',
    'typiClust',
    { kind: 'probCover', classes: 3 },
    'lcmd',
    'maxDet',
    { kind: 'coldStart', first: 'typiClust', base: 'badge', until: { labels: 12 } },
    { kind: 'coldStart', until: { labels: 20, confidence: 0.9 } },
    { kind: 'subsample', base: 'badge', size: 20 },
  ];

  it.each(strategies)('%j: the same bytes again, and others for another seed', async (strategy) => {
    const lines = await run(strategy, 1);
    expect(await run(strategy, 1)).toEqual(lines);
    expect(await run(strategy, 2)).not.toEqual(lines);
  });
});
