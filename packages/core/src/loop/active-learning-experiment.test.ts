import { describe, expect, it } from 'vitest';
import { ActiveLearningDataset } from '../data/active-learning-dataset.ts';
import { arrayDataset } from '../data/array-dataset.ts';
import type { Dataset } from '../data/dataset.ts';
import type { Example } from '../data/example.ts';
import { ConfigError, NumericalError, PoolExhaustedError, StateError } from '../errors.ts';
import { createRng } from '../random/create-rng.ts';
import { blobs } from '../testing/blobs.ts';
import { committeeLearner } from '../testing/committee-learner.ts';
import { scoringHeuristic } from '../testing/scoring-heuristic.ts';
import {
  ActiveLearningExperiment,
  type ActiveLearningExperimentOptions,
  type ExperimentEvent,
} from './active-learning-experiment.ts';
import { earlyStopping } from './early-stopping.ts';
import { decodeJournal, encodeHeader, encodeRound } from './journal.ts';
import { labellingBudget } from './labelling-budget.ts';
import type { Learner } from './learner.ts';
import { lowAverageUncertainty } from './low-average-uncertainty.ts';
import type { RoundRecord } from './round-record.ts';

const rng = createRng('experiment');
const evaluation = blobs({ n: 30, rng, split: 'test' });

/** 1 minus the highest mean probability. */
const leastConfident = scoringHeuristic(
  'leastConfident',
  ({ data, shape: [n = 0, K = 0, C = 0] }) =>
    Array.from({ length: n }, (_, i) => {
      const mean_C = new Float64Array(C);
      for (let k = 0; k < K; k++) {
        for (let c = 0; c < C; c++) {
          mean_C[c] = (mean_C[c] as number) + (data[(i * K + k) * C + c] as number) / K;
        }
      }
      return 1 - Math.max(...mean_C);
    }),
);
const random = scoringHeuristic(
  'random',
  ({ shape: [n = 0] }, options) => Array.from({ length: n }, () => options?.rng?.uniform() ?? 0),
  false,
);

type Options = ActiveLearningExperimentOptions<Example>;
const make = (changes: Partial<Options> = {}, n = 40, initial = 6) => {
  const dataset = new ActiveLearningDataset(blobs({ n, rng }), { rng: rng.fork('initial') });
  dataset.labelRandomly(initial);
  const options: Options = {
    learner: committeeLearner({ classes: 3, features: 2, rng, epochs: 4 }),
    dataset,
    evaluation,
    heuristic: leastConfident,
    querySize: 4,
    iterations: 5,
    averagePredictions: 7,
    rng: rng.fork('run'),
    targetOf: ({ target }) => (typeof target === 'number' ? target : null),
    ...changes,
  };
  return { dataset: options.dataset, experiment: new ActiveLearningExperiment(options) };
};

/** A learner that knows nothing: the score of an item is its number. */
function countingLearner(calls: string[] = []): Learner<number> {
  return {
    name: 'counting',
    reset: async () => void calls.push('reset'),
    train: async (dataset) => {
      calls.push(`train ${dataset.length}`);
      return { loss: 1 };
    },
    evaluate: async (dataset) => {
      calls.push(`evaluate ${dataset.length}`);
      return { accuracy: 0.5 };
    },
    async *predict(dataset) {
      calls.push(`predict ${dataset.length}`);
      for (let i = 0; i < dataset.length; i++) {
        const data = new Float64Array([await dataset.get(i)]);
        yield { data, shape: [1, 1, 1], kind: 'values', samples: 'joint' };
      }
    },
    dispose: async () => undefined,
  };
}
const numbers = (n: number): Dataset<number> =>
  arrayDataset(Array.from({ length: n }, (_, i) => i));
const largest = scoringHeuristic('largest', ({ data }) => data);

const counting = (
  changes: Partial<ActiveLearningExperimentOptions<number>> = {},
  n = 20,
  initial = 10,
) => {
  const calls: string[] = [];
  const dataset = new ActiveLearningDataset(numbers(n), {
    labelled: Array.from({ length: n }, (_, i) => i < initial),
  });
  const experiment = new ActiveLearningExperiment({
    learner: countingLearner(calls),
    dataset,
    evaluation: numbers(3),
    heuristic: largest,
    querySize: 5,
    iterations: 1,
    averagePredictions: 1,
    rng,
    ...changes,
  });
  return { calls, dataset, experiment };
};

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

  it('labels a smaller batch at the end', async () => {
    const { experiment } = counting({ querySize: 4 });
    const records = await experiment.start();
    expect(records.map(({ labelled }) => labelled)).toEqual([10, 14, 18, 20]);
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
    const { experiment, calls } = counting({ heuristic: random });
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

describe('interrupted and resumed', () => {
  const settings = (): Partial<Options> => ({
    pool: { maxSamples: 12 },
    stop: [earlyStopping({ metric: 'accuracy', patience: 5, epsilon: 0.02 })],
    rounds: 6,
  });

  it('depends on the seed, and on nothing else', async () => {
    const one = await make(settings()).experiment.start();
    expect(await make(settings()).experiment.start()).toEqual(one);
    const other = await make({ ...settings(), rng: createRng('other') }).experiment.start();
    expect(other[0]?.acquired).not.toEqual(one[0]?.acquired);
  });

  it('equals an uninterrupted run, wherever it was interrupted', async () => {
    const straight = await make(settings()).experiment.start();
    expect(straight.length).toBeGreaterThan(4);
    const lines = straight.map(encodeRound);
    for (let cut = 0; cut <= straight.length; cut++) {
      const text = encodeHeader({ config: null, cell: { heuristic: 'x', seed: 0 } });
      const journal = decodeJournal(`${text}${lines.slice(0, cut).join('')}{"round":`);
      const { experiment } = make(settings());
      expect(experiment.replay(journal.rounds)).toBe(cut);
      const resumed: RoundRecord[] = [];
      for await (const record of experiment.run()) resumed.push(record);
      expect(resumed).toEqual(straight.slice(cut));
      expect(resumed.map(encodeRound)).toEqual(lines.slice(cut));
    }
  });

  it('reminds a criterion with memory of the rounds before', async () => {
    const plateau = { stop: [earlyStopping({ metric: 'accuracy', patience: 3 })], querySize: 1 };
    const straight = await counting(plateau).experiment.start();
    expect(straight.map(({ stop }) => stop)).toEqual([undefined, undefined, 'earlyStopping']);
    const { experiment } = counting({
      ...plateau,
      stop: [earlyStopping({ metric: 'accuracy', patience: 3 })],
    });
    experiment.replay(straight.slice(0, 2));
    expect(await experiment.start()).toEqual(straight);
  });

  it('takes up the unfinished round after an abort in any phase', async () => {
    const straight = await make(settings()).experiment.start();
    for (const phase of ['train', 'evaluate', 'predict'] as const) {
      const controller = new AbortController();
      const reason = new Error(`stopped in ${phase}`);
      const { experiment, dataset } = make(settings());
      const records: RoundRecord[] = [];
      const run = async (): Promise<void> => {
        const options = {
          signal: controller.signal,
          onEvent: (event: ExperimentEvent) => {
            const stops = event.type === 'progress' && event.round === 2;
            if (stops && event.progress.phase === phase) controller.abort(reason);
          },
        };
        for await (const record of experiment.run(options)) records.push(record);
      };
      await expect(run()).rejects.toBe(reason);
      expect(records).toEqual(straight.slice(0, 2));
      expect(dataset.nLabelled).toBe(14); // those of the finished rounds
      for await (const record of experiment.run()) records.push(record);
      expect(records).toEqual(straight);
    }
  });

  it('starts at the round it is told, on a dataset that was restored otherwise', async () => {
    const straight = await make({ rounds: 4 }).experiment.start();
    const { experiment, dataset } = make({ rounds: 4 });
    for (const { acquired } of straight.slice(0, 2)) dataset.labelIds(acquired);
    expect(await experiment.start({ startRound: 2 })).toEqual(straight.slice(2));
  });

  it('refuses records of another run', async () => {
    const records = await counting().experiment.start();
    expect(() => counting().experiment.replay(records.slice(1))).toThrow(/"round":0.*"round":1/);
    expect(() => counting({}, 21).experiment.replay(records)).toThrow(StateError);
    expect(() => counting({}, 20, 9).experiment.replay(records)).toThrow(StateError);
    const { experiment } = counting();
    experiment.replay(records);
    const more = { ...(records[2] as RoundRecord), round: 3 };
    expect(() => experiment.replay([more])).toThrow(/comes after the end/);
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
    const blind = { heuristic: random, stop: [lowAverageUncertainty({ threshold: 1 })] };
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
