import { describe, expect, it } from 'vitest';
import { counting, countingLearner, make, rng } from '../../test/experiments.ts';
import { ConfigError, NumericalError, PoolExhaustedError, StateError } from '../errors.ts';
import { random } from '../heuristics/random.ts';
import { createRng } from '../random/create-rng.ts';
import { committeeLearner } from '../testing/committee-learner.ts';
import type { ActiveLearningExperiment, ExperimentEvent } from './active-learning-experiment.ts';
import { labellingBudget } from './labelling-budget.ts';
import type { Learner } from './learner.ts';
import { lowAverageUncertainty } from './low-average-uncertainty.ts';

describe('a run', () => {
  it('trains, evaluates and acquires until the pool is empty, and evaluates the final set', async () => {
    const { calls, experiment, dataset } = counting();
    const records = await experiment.start();
    expect(
      records.map(({ round, labelled, pool, acquired, scores, stop }) => ({
        round,
        labelled,
        pool,
        acquired,
        scores,
        stop,
      })),
    ).toEqual([
      {
        round: 0,
        labelled: 10,
        pool: { size: 10, scored: 10 },
        acquired: ['19', '18', '17', '16', '15'],
        scores: [19, 18, 17, 16, 15],
        stop: undefined,
      },
      {
        round: 1,
        labelled: 15,
        pool: { size: 5, scored: 5 },
        acquired: ['14', '13', '12', '11', '10'],
        scores: [14, 13, 12, 11, 10],
        stop: undefined,
      },
      {
        round: 2,
        labelled: 20,
        pool: { size: 0, scored: 0 },
        acquired: [],
        scores: [],
        stop: 'pool',
      },
    ]);
    expect(records[0]?.uncertainty).toEqual({ mean: 14.5, std: Math.sqrt(8.25), min: 10, max: 19 });
    expect(calls).toEqual([
      ...['reset', 'train 10', 'evaluate 3', 'predict 10'],
      ...['reset', 'train 15', 'evaluate 3', 'predict 5'],
      ...['reset', 'train 20', 'evaluate 3'],
    ]);
    expect(dataset.nUnlabelled).toBe(0);
    expect(await experiment.start()).toHaveLength(3); // nothing more happens
    expect(calls).toHaveLength(11);
  });

  it('asks for as many posterior samples as it was told', async () => {
    const asked: string[] = [];
    const learner: Learner<number> = {
      ...countingLearner(),
      evaluate: async (_, { averagePredictions }) => {
        asked.push(`evaluate ${averagePredictions}`);
        return {};
      },
      predict: (dataset, options) => {
        asked.push(`predict ${options.iterations}`);
        return countingLearner().predict(dataset, options);
      },
    };
    await counting({ learner, iterations: 7, averagePredictions: 9, rounds: 2 }).experiment.start();
    expect(asked).toEqual(['evaluate 9', 'predict 7', 'evaluate 9']);
  });

  it('labels a smaller batch at the end', async () => {
    const { experiment } = counting({ querySize: 4 });
    const records = await experiment.start();
    expect(records.map(({ labelled }) => labelled)).toEqual([10, 14, 18, 20]);
  });

  it('ends with so many labels, of which the last acquisition takes those that are missing', async () => {
    const { experiment } = counting({ labels: 17 });
    const records = await experiment.start();
    expect(records.map(({ labelled, acquired, stop }) => [labelled, acquired, stop])).toEqual([
      [10, ['19', '18', '17', '16', '15'], undefined],
      [15, ['14', '13'], undefined],
      [17, [], 'labels'],
    ]);
    const again = counting({ labels: 17 });
    again.experiment.replay(records.slice(0, 1));
    expect(await again.experiment.start()).toEqual(records);
    const beyond = await counting({ labels: 25 }).experiment.start();
    expect(beyond.at(-1)).toMatchObject({ labelled: 20, stop: 'pool' });
    expect(await counting({ labels: 10 }).experiment.start()).toHaveLength(1);
    expect(() => counting({ labels: 0 })).toThrow('bad labels, expected an integer >= 1, got 0');
  });

  it('ends after so many rounds', async () => {
    const { experiment, dataset, calls } = counting({ rounds: 2, querySize: 3 });
    const records = await experiment.start();
    expect(records.map(({ labelled, stop }) => [labelled, stop])).toEqual([
      [10, undefined],
      [13, 'rounds'],
    ]);
    expect(dataset.nLabelled).toBe(13);
    expect(calls.filter((call) => call.startsWith('predict'))).toHaveLength(1);
    expect(await counting({ rounds: 1, querySize: 50 }).experiment.start()).toHaveLength(1);
  });

  it('labels the right items of a random part of the pool, over the whole pool', async () => {
    const labelled = new Set<string>();
    for (let seed = 0; seed < 30; seed++) {
      const { experiment, calls } = counting(
        { pool: { maxSamples: 6 }, querySize: 2, rounds: 2, rng: createRng(seed) },
        100,
      );
      const [first] = await experiment.start();
      expect(first?.pool).toEqual({ size: 90, scored: 6 });
      expect(calls).toContain('predict 6');
      // The score of an item is its number: rank and item must agree.
      expect(first?.acquired).toEqual(first?.scores.map(String));
      for (const id of first?.acquired ?? []) labelled.add(id);
    }
    // The best 2 of 6 out of 90 lie below 50 now and then, and above 80: the whole pool is drawn from.
    const numbers = [...labelled].map(Number);
    expect(Math.min(...numbers)).toBeLessThan(60);
    expect(Math.max(...numbers)).toBeGreaterThan(90);
  });

  it('does not predict the pool for a heuristic that needs no predictions', async () => {
    const { experiment, calls } = counting({ heuristic: random() });
    const [first] = await experiment.start();
    expect(calls.filter((call) => call.startsWith('predict'))).toEqual([]);
    expect(first?.acquired).toHaveLength(5);
    expect(first?.uncertainty).toBeUndefined();
  });

  it('records the classes of what it acquired', async () => {
    const { experiment, dataset } = make({ rounds: 2 });
    const [first] = await experiment.start();
    const expected = await Promise.all(
      (first?.acquired ?? []).map(
        async (id) => (await dataset.getRaw(dataset.indexOfId(id))).target,
      ),
    );
    expect(first?.targets).toEqual(expected);
    expect(expected).toHaveLength(4);
    const [without] = await counting({ rounds: 2 }).experiment.start();
    expect(without).not.toHaveProperty('targets');
  });

  it('tells what happens', async () => {
    const events: ExperimentEvent[] = [];
    const { experiment } = make({ rounds: 2 });
    const records = await experiment.start({ onEvent: (event) => events.push(event) });
    expect(events.filter(({ type }) => type !== 'progress')).toEqual([
      { type: 'round', round: 0, labelled: 6, pool: 34 },
      { type: 'record', record: records[0] },
      { type: 'round', round: 1, labelled: 10, pool: 30 },
      { type: 'record', record: records[1] },
    ]);
    const phases = events.flatMap((event) =>
      event.type === 'progress' ? [`${event.round} ${event.progress.phase}`] : [],
    );
    expect(new Set(phases)).toEqual(
      new Set(['0 train', '0 evaluate', '0 predict', '1 train', '1 evaluate']),
    );
  });
});

describe('stopping', () => {
  it('stops on a budget after training on it, and labels no more', async () => {
    const { experiment, dataset, calls } = counting(
      { stop: [labellingBudget({ budget: 5, startLabelled: 10 })] },
      30,
    );
    const records = await experiment.start();
    expect(records.map(({ labelled, stop }) => [labelled, stop])).toEqual([
      [10, undefined],
      [15, 'labellingBudget'],
    ]);
    expect(dataset.nLabelled).toBe(15);
    expect(calls.at(-1)).toBe('evaluate 3'); // the pool was not predicted in vain
  });

  it('scores the pool before it asks about uncertainty', async () => {
    const { experiment } = counting({ stop: [lowAverageUncertainty({ threshold: 15 })] }, 40);
    const records = await experiment.start();
    // The mean of the pool falls below 15 when 10 … 19 are left: the pool of round 4.
    expect(records.map(({ labelled, stop }) => [labelled, stop])).toEqual([
      [10, undefined],
      [15, undefined],
      [20, undefined],
      [25, undefined],
      [30, 'lowAverageUncertainty'],
    ]);
    expect(records.at(-1)).toMatchObject({
      acquired: [],
      pool: { size: 10, scored: 10 },
      uncertainty: { mean: 14.5 },
    });
  });
});

describe('errors', () => {
  const first = (experiment: ActiveLearningExperiment<number>) => experiment.run().next();

  it('says what is missing before it begins', async () => {
    await expect(first(counting({}, 20, 0).experiment)).rejects.toThrow(
      /call dataset\.labelRandomly/,
    );
    await expect(first(counting({}, 20, 0).experiment)).rejects.toThrow(StateError);
    await expect(first(counting({ querySize: 11 }).experiment)).rejects.toThrow(PoolExhaustedError);
    await expect(first(counting({}, 10, 10).experiment)).rejects.toThrow(PoolExhaustedError);
    expect(() => counting({ querySize: 5, pool: { maxSamples: 4 } })).toThrow(ConfigError);
    const blind = { heuristic: random(), stop: [lowAverageUncertainty({ threshold: 1 })] };
    expect(() => counting(blind)).toThrow(/lowAverageUncertainty.*got 'random'/);
    for (const wrong of [
      { querySize: 0 },
      { iterations: 0 },
      { averagePredictions: 0 },
      { rounds: 0 },
    ]) {
      expect(() => counting(wrong)).toThrow(RangeError);
    }
    await expect(counting().experiment.start({ startRound: -1 })).rejects.toThrow(RangeError);
  });

  it('passes on a training that diverged, and refuses figures that are no numbers', async () => {
    const learner = committeeLearner({ classes: 3, features: 2, rng, learningRate: 1e308 });
    await expect(make({ learner }).experiment.start()).rejects.toThrow(NumericalError);
    const figures = (metrics: Record<string, number | number[]>) =>
      counting({ learner: { ...countingLearner(), evaluate: async () => metrics } }).experiment;
    await expect(first(figures({ ece: Number.NaN }))).rejects.toThrow(/round 0, test figure ece/);
    await expect(first(figures({ ece: [0, Number.NaN] }))).rejects.toThrow(/ece\[1\]/);
  });

  it('complains about a learner that predicts nothing, and labels nothing then', async () => {
    const learner: Learner<number> = { ...countingLearner(), async *predict() {} };
    const { experiment, dataset } = counting({ learner });
    await expect(first(experiment)).rejects.toThrow(/counting predicted nothing/);
    expect(dataset.nLabelled).toBe(10);
  });
});
