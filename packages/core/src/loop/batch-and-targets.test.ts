import { describe, expect, it } from 'vitest';
import { make, rng } from '../../test/experiments.ts';
import { ActiveLearningDataset } from '../data/active-learning-dataset.ts';
import type { Dataset } from '../data/dataset.ts';
import type { Example } from '../data/example.ts';
import { ConfigError } from '../errors.ts';
import { batchBald } from '../heuristics/batch-bald.ts';
import { epig } from '../heuristics/epig.ts';
import type { BatchSelection } from '../heuristics/heuristic.ts';
import { powerSampling } from '../heuristics/power-sampling.ts';
import { collectPredictions } from '../predictions/chunks.ts';
import type { Predictions } from '../predictions/predictions.ts';
import { createRng } from '../random/create-rng.ts';
import { blobs } from '../testing/blobs.ts';
import { committeeLearner } from '../testing/committee-learner.ts';
import { samplePredictions } from '../testing/sample-predictions.ts';
import { ActiveLearningLoop, type GetProbabilities } from './active-learning-loop.ts';

const targets = blobs({ n: 12, rng, split: 'targets' });
const learner = committeeLearner({ classes: 3, features: 2, rng, epochs: 4 });
const ask: GetProbabilities<Example> = (items, work) =>
  learner.predict(items, { ...work, iterations: 6 });
const pool = (): ActiveLearningDataset<Example> => new ActiveLearningDataset(blobs({ n: 30, rng }));
const predictBy = (dataset: Dataset<Example>, stream: typeof rng): Promise<Predictions> =>
  collectPredictions(learner.predict(dataset, { rng: stream, iterations: 6 }));

describe('a heuristic that needs targets', () => {
  it('gets them from the loop, predicted by the draw of the pool', async () => {
    const asked: [number, string][] = [];
    const dataset = pool();
    const loop = new ActiveLearningLoop<Example>(
      dataset,
      (items, work) => {
        asked.push([items.length, work.rng.state().key.join()]);
        return ask(items, work);
      },
      { heuristic: epig(), targets, querySize: 4, rng: createRng('loop') },
    );
    const suggestion = await loop.suggest();
    expect(asked.map(([n]) => n)).toEqual([12, 30]);
    expect(asked[0]?.[1]).toBe(asked[1]?.[1]);
    // Second route: predict both by hand.
    const stream = createRng('loop').fork('step-0').fork('predict');
    const { ranks, scores } = await epig().getRanks(await predictBy(dataset.pool, stream), {
      targets: await predictBy(targets, stream),
    });
    expect(suggestion?.positions).toEqual([...ranks.subarray(0, 4)]);
    expect(suggestion?.scored.scores).toEqual(scores);
  });

  it('gets them from the experiment, also below a sampler', async () => {
    for (const heuristic of [epig(), powerSampling(epig())]) {
      const { experiment } = make({ heuristic, targets, rounds: 2 });
      const [first] = await experiment.start();
      expect(first?.acquired).toHaveLength(4);
      expect(first?.uncertainty?.min).toBeGreaterThanOrEqual(0);
    }
  });

  it('is refused without them', () => {
    expect(() => make({ heuristic: epig() })).toThrow(ConfigError);
    expect(() => make({ heuristic: powerSampling(epig()) })).toThrow("'powerSampling' needs");
    expect(
      () => new ActiveLearningLoop(pool(), ask, { heuristic: epig(), rng: createRng(0) }),
    ).toThrow('ActiveLearningLoop: no targets');
  });
});

describe('a heuristic that chooses a batch', () => {
  it('chooses as many as the loop labels, and the loop tells what each adds', async () => {
    const predictions = samplePredictions('logits', [30, 6, 4], 'batch');
    const { batch } = await batchBald({ batchSize: 5 }).getRanks(predictions);
    const { picks, gains } = batch as BatchSelection;
    const loop = new ActiveLearningLoop(pool(), () => predictions, {
      heuristic: batchBald(),
      querySize: 5,
      rng: createRng('batch'),
    });
    const suggestion = await loop.suggest();
    expect(suggestion?.positions).toEqual([...picks]);
    expect(suggestion?.scores).toEqual([...gains]);
    const two = new ActiveLearningLoop(pool(), () => predictions, {
      heuristic: batchBald({ batchSize: 2 }),
      querySize: 5,
      rng: createRng('batch'),
    });
    const mixed = await two.suggest();
    expect(mixed?.positions.slice(0, 2)).toEqual([...picks.subarray(0, 2)]);
    const [, , third] = mixed?.positions ?? [];
    expect(mixed?.scores[2]).toBe(mixed?.scored.scores[third as number]);
  });
});
