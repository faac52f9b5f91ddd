import { describe, expect, it } from 'vitest';
import { make, type Options } from '../../test/experiments.ts';
import { ActiveLearningDataset } from '../data/active-learning-dataset.ts';
import { arrayDataset } from '../data/array-dataset.ts';
import type { Dataset } from '../data/dataset.ts';
import type { Example, NdArray } from '../data/example.ts';
import { ConfigError, ShapeError } from '../errors.ts';
import { bald } from '../heuristics/bald.ts';
import { coldStart } from '../heuristics/cold-start.ts';
import { badge } from '../heuristics/diversity/badge.ts';
import { coreSet } from '../heuristics/diversity/core-set.ts';
import type { Features } from '../heuristics/diversity/features.ts';
import { lcmd } from '../heuristics/diversity/lcmd.ts';
import { maxDet } from '../heuristics/diversity/max-det.ts';
import { probCover } from '../heuristics/diversity/prob-cover.ts';
import { typiClust } from '../heuristics/diversity/typi-clust.ts';
import { entropy } from '../heuristics/entropy.ts';
import { random } from '../heuristics/random.ts';
import { subsample } from '../heuristics/subsample.ts';
import { blankPredictions } from '../predictions/blank-predictions.ts';
import { createRng } from '../random/create-rng.ts';
import { committeeLearner } from '../testing/committee-learner.ts';
import { ActiveLearningLoop } from './active-learning-loop.ts';
import { allOf, anyOf } from './composed-criteria.ts';
import { encodeRound } from './journal.ts';
import { labellingBudget } from './labelling-budget.ts';
import type { Learner } from './learner.ts';
import { lowAverageUncertainty } from './low-average-uncertainty.ts';
import { replayStopping } from './replay-stopping.ts';
import type { RoundRecord } from './round-record.ts';
import type { StoppingCriterion } from './stopping-criterion.ts';

const rng = createRng('features in the loop');

/** A learner that writes down what it is asked. */
function watched(calls: string[]): Learner<Example> {
  const learner = committeeLearner({ classes: 3, features: 2, rng, epochs: 4 });
  return {
    ...learner,
    predict: (dataset, work) => {
      calls.push(`predict ${dataset.length}`);
      return learner.predict(dataset, work);
    },
    features: (dataset, work) => {
      calls.push(`features ${dataset.length}`);
      return learner.features?.(dataset, work) as AsyncIterable<NdArray<Float32Array>>;
    },
  };
}

describe('an experiment with strategies over features', () => {
  const strategies = [
    badge(),
    coreSet(),
    typiClust(),
    probCover(),
    lcmd(),
    maxDet(),
    subsample(coreSet(), 9),
    coldStart(typiClust(), entropy(), { until: { labels: 12 } }),
  ];

  it.each(strategies)(
    '$name: runs, repeats itself, and goes on after an interruption',
    async (heuristic) => {
      const settings: Partial<Options> = { heuristic, pool: { maxSamples: 20 }, rounds: 4 };
      const straight = await make(settings).experiment.start();
      expect(straight.map(({ labelled }) => labelled)).toEqual([6, 10, 14, 18]);
      const ids = straight.flatMap(({ acquired }) => acquired);
      expect(new Set(ids).size).toBe(12);
      const lines = straight.map(encodeRound);
      expect((await make(settings).experiment.start()).map(encodeRound)).toEqual(lines);
      for (let cut = 1; cut < 4; cut++) {
        const { experiment } = make(settings);
        experiment.replay(straight.slice(0, cut));
        expect((await experiment.start()).map(encodeRound)).toEqual(lines);
      }
    },
  );

  it('computes what is needed and nothing else', async () => {
    const asked = async (heuristic: Options['heuristic'], changes: Partial<Options> = {}) => {
      const calls: string[] = [];
      const settings = { heuristic, learner: watched(calls), rounds: 3, ...changes };
      await make(settings).experiment.start();
      return calls;
    };
    // 40 items, 6 of them labelled at first, 4 a round.
    expect(await asked(badge())).toEqual([
      'features 34',
      'predict 34',
      'features 30',
      'predict 30',
    ]);
    expect(await asked(coreSet())).toEqual([
      'features 34',
      'features 6',
      'features 30',
      'features 10',
    ]);
    expect(await asked(bald())).toEqual(['predict 34', 'predict 30']);
    expect(await asked(coreSet(), { pool: { maxSamples: 8 } })).toEqual([
      'features 8',
      'features 6',
      'features 8',
      'features 10',
    ]);
    const cold = coldStart(coreSet(), bald(), { until: { labels: 10 } });
    expect(await asked(cold)).toEqual(['features 34', 'features 6', 'predict 30']);
  });

  it('chooses as the heuristic does by hand', async () => {
    const { experiment, dataset } = make({ heuristic: coreSet(), rounds: 2 });
    const { pool } = dataset;
    const inputs = async (items: Dataset<Example>): Promise<Features> => {
      const rows: number[] = [];
      for (let i = 0; i < items.length; i++) {
        rows.push(...((await items.get(i)).input as NdArray<Float32Array>).data);
      }
      return { data: Float32Array.from(rows), shape: [items.length, 2] };
    };
    const { batch } = await coreSet().getRanks(blankPredictions(pool.length), {
      features: await inputs(pool),
      labelled: await inputs(dataset.labelledAsPool),
      querySize: 4,
    });
    const [first] = await experiment.start();
    expect(first?.acquired).toEqual(Array.from(batch?.picks ?? [], (pick) => pool.id(pick)));
    expect(first?.scores).toEqual(Array.from(batch?.gains ?? []));
    expect(first?.uncertainty).toBeUndefined();
  });

  it('records uncertainties, and asks for them, only when a cold start is over', async () => {
    const cold = coldStart(badge(), entropy(), { until: { labels: 14 } });
    // Any uncertainty is low enough.
    const stop = [lowAverageUncertainty({ threshold: 1e9 })];
    const settings: Partial<Options> = { heuristic: cold, stop, rounds: 9 };
    const records = await make(settings).experiment.start();
    expect(records.map((record) => [record.labelled, record.stop])).toEqual([
      [6, undefined],
      [10, undefined],
      [14, 'lowAverageUncertainty'],
    ]);
    expect(records.map(({ uncertainty }) => uncertainty === undefined)).toEqual([
      true,
      true,
      false,
    ]);
    const { experiment } = make({ ...settings, stop: [lowAverageUncertainty({ threshold: 1e9 })] });
    experiment.replay(records.slice(0, 2));
    const resumed: RoundRecord[] = [];
    for await (const record of experiment.run()) resumed.push(record);
    expect(resumed).toEqual(records.slice(2));
  });

  describe('criteria that are composed, in a cold start', () => {
    const cold = coldStart(badge(), entropy(), { until: { labels: 22 } });
    const settings: Partial<Options> = { heuristic: cold, rounds: 9 };
    const uncertain = (): StoppingCriterion => lowAverageUncertainty({ threshold: 1e9 });
    const stopOf = async (stop: StoppingCriterion) =>
      (await make({ ...settings, stop: [stop] }).experiment.start()).at(-1);

    it('are asked in every round, and what needs uncertainties says no until there are some', async () => {
      const budget = labellingBudget({ budget: 10 });
      const name = 'anyOf(labellingBudget, lowAverageUncertainty)';
      const any = anyOf(budget, uncertain());
      expect(await stopOf(any)).toMatchObject({ labelled: 10, stop: name });
      expect(await stopOf(anyOf(any))).toMatchObject({ labelled: 10, stop: `anyOf(${name})` });
      expect(await stopOf(allOf(budget, uncertain()))).toMatchObject({ labelled: 22 });
      // In a round that is the last anyway, the composition gives the reason as its budget alone would.
      const { experiment } = make({ ...settings, rounds: 2, stop: [any] });
      expect((await experiment.start()).at(-1)?.stop).toBe(name);
      const records = await make(settings).experiment.start();
      expect(replayStopping(any, records).stoppedAt).toMatchObject({ labelled: 10 });
      expect(replayStopping(uncertain(), records).stoppedAt).toMatchObject({ labelled: 22 });
      expect(replayStopping(allOf(budget, uncertain()), records).stoppedAt?.labelled).toBe(22);
    });

    it('remember every round, after a resume too; what needs uncertainties only those that have them', async () => {
      /** Says yes when it has seen so many rounds. */
      const patient = (rounds: number, needsUncertainty: boolean): StoppingCriterion => {
        let seen = 0;
        return {
          name: `patient ${rounds}`,
          needsUncertainty,
          reset: () => {
            seen = 0;
          },
          shouldStop: () => ++seen >= rounds,
        };
      };
      // 6, 10, 14, 18 labels have no uncertainties; 22 and more have.
      for (const [plain, needing, labelled] of [
        [3, 9, 14],
        [9, 2, 26],
      ] as const) {
        const criterion = (): StoppingCriterion =>
          anyOf(patient(plain, false), patient(needing, true));
        const { experiment } = make({ ...settings, stop: [criterion()] });
        const records = await experiment.start();
        expect(records.at(-1)?.labelled).toBe(labelled);
        const resumed = make({ ...settings, stop: [criterion()] });
        resumed.experiment.replay(records.slice(0, -1));
        expect(await resumed.experiment.start()).toEqual(records);
      }
    });
  });

  it('refuses a learner without features when it is made', () => {
    const { features: _, ...blind } = committeeLearner({ classes: 3, features: 2, rng });
    for (const heuristic of [
      badge(),
      subsample(lcmd(), 5),
      strategies.at(-1) as (typeof strategies)[0],
    ]) {
      expect(() => make({ heuristic, learner: blind })).toThrow(ConfigError);
      expect(() => make({ heuristic, learner: blind })).toThrow(
        /learner that offers features.*committee/,
      );
    }
    expect(() => make({ heuristic: random(), learner: blind })).not.toThrow();
  });

  it('says so when a learner gives features of other items', async () => {
    const learner = {
      ...committeeLearner({ classes: 3, features: 2, rng }),
      async *features() {
        yield { data: Float32Array.of(1, 2), shape: [1, 2] };
      },
    };
    const { experiment } = make({ heuristic: coreSet(), learner });
    await expect(experiment.start()).rejects.toThrow(ShapeError);
  });
});

describe('a loop with strategies over features', () => {
  const numbers = () =>
    new ActiveLearningDataset(arrayDataset([0, 10, 1, 9, 5, 2]), {
      labelled: [true, false, false, false, false, false],
      lastActiveSteps: 1,
      makeUnlabelled: (item) => item + 100,
    });
  const rowsOf = async (items: Dataset<number>): Promise<Features> => {
    const data = new Float64Array(items.length);
    for (let i = 0; i < items.length; i++) data[i] = await items.get(i);
    return { data, shape: [items.length, 1] };
  };

  it('asks a function for features, of labelled items as the pool shows them', async () => {
    const dataset = numbers();
    const seen: number[][] = [];
    const loop = new ActiveLearningLoop(dataset, () => null, {
      heuristic: coreSet(),
      querySize: 2,
      rng,
      features: async (items) => {
        const rows = await rowsOf(items);
        seen.push(Array.from(rows.data));
        return rows;
      },
    });
    expect((await loop.suggest())?.ids).toEqual(['1', '4']); // 10, then 5: far from 0 and from 10
    await loop.step();
    expect((await loop.suggest())?.scores).toEqual([2, 1]); // 2 is 2 from 0; 1 is 1 from both
    expect(seen.slice(-2)).toEqual([
      [101, 109, 102],
      [100, 110, 105], // also what is no longer in the last active step
    ]);
  });

  it('takes features chunk by chunk, and stops when told to', async () => {
    const reason = new Error('stopped');
    const controller = new AbortController();
    const features = async function* (items: Dataset<number>) {
      for (let i = 0; i < items.length; i++) {
        yield { data: Float32Array.of(await items.get(i)), shape: [1, 1] };
      }
    };
    const options = { heuristic: coreSet(), querySize: 2, rng, features };
    const loop = new ActiveLearningLoop(numbers(), () => null, options);
    expect((await loop.suggest())?.ids).toEqual(['1', '4']);
    controller.abort(reason);
    await expect(loop.step({ signal: controller.signal })).rejects.toBe(reason);
  });

  it('refuses to go without', () => {
    expect(
      () => new ActiveLearningLoop(numbers(), () => null, { heuristic: badge(), rng }),
    ).toThrow(/no features, expected options.features/);
  });
});
