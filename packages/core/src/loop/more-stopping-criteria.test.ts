import { describe, expect, it } from 'vitest';
import { make, rng } from '../../test/experiments.ts';
import type { Example } from '../data/example.ts';
import { subset } from '../data/subset.ts';
import { ConfigError, StateError } from '../errors.ts';
import { createRng } from '../random/create-rng.ts';
import { blobs } from '../testing/blobs.ts';
import {
  classificationChange,
  kappaAgreement,
  overallUncertainty,
  stabilizingPredictions,
} from './agreement-criteria.ts';
import { allOf, anyOf } from './composed-criteria.ts';
import { decodeJournal, encodeHeader, encodeRound } from './journal.ts';
import { labellingBudget } from './labelling-budget.ts';
import type { Learner, PredictOptions } from './learner.ts';
import { metricLevel, timeBudget } from './level-criteria.ts';
import { lowAverageUncertainty } from './low-average-uncertainty.ts';
import { replayStopping } from './replay-stopping.ts';
import type { RoundRecord } from './round-record.ts';
import type { StoppingCriterion, StoppingInput } from './stopping-criterion.ts';

const saying = (...predicted: number[]): StoppingInput => ({
  metrics: {},
  nLabelled: 0,
  stopSet: { predicted, entropy: 0.5 },
});
const verdicts = (criterion: StoppingCriterion, ...inputs: StoppingInput[]): boolean[] =>
  inputs.map((input) => criterion.shouldStop(input));

describe('criteria over successive models', () => {
  const [a, b] = [saying(0, 1, 0, 1), saying(0, 1, 1, 0)];

  it('kappaAgreement: as often in a row as it is told', () => {
    expect(verdicts(kappaAgreement(), a, a, b, b)).toEqual([false, true, false, true]);
    const patient = kappaAgreement({ patience: 2 });
    expect(verdicts(patient, a, a, a, b, b, b)).toEqual([false, false, true, false, false, true]);
    patient.reset?.();
    expect(verdicts(patient, b, b, b)).toEqual([false, false, true]);
    // Half of the entries agree: kappa 0.
    expect(verdicts(kappaAgreement({ threshold: 0 }), a, b)).toEqual([false, true]);
    expect(verdicts(kappaAgreement({ threshold: 0.01 }), a, b)).toEqual([false, false]);
    // One of n items moves, halves of them of either class: kappa 1 - 2 / n, against 0.99.
    for (const [n, stop] of [
      [150, false],
      [250, true],
    ] as const) {
      const all = Array.from({ length: n }, (_, i) => i % 2);
      const moved = [...all.slice(0, -2), 1, 1];
      expect(verdicts(kappaAgreement(), saying(...all), saying(...moved))).toEqual([false, stop]);
    }
  });

  it('stabilizingPredictions: the mean of the last kappas, which are 1, 0, 1, 1, 1', () => {
    const inputs = [a, a, b, b, b, b];
    expect(verdicts(stabilizingPredictions(), ...inputs)).toEqual([
      false,
      false,
      false,
      false,
      false,
      true,
    ]);
    expect(verdicts(stabilizingPredictions({ threshold: 2 / 3 }), ...inputs)).toEqual([
      false,
      false,
      false,
      true,
      true,
      true,
    ]);
    expect(verdicts(stabilizingPredictions({ window: 1 }), ...inputs)).toEqual([
      false,
      true,
      false,
      true,
      true,
      true,
    ]);
  });

  it('stabilizingPredictions: no verdict before the window is full, whatever the threshold', () => {
    for (const threshold of [0, -1]) {
      const criterion = stabilizingPredictions({ threshold });
      expect(verdicts(criterion, a, a, a, a)).toEqual([false, false, false, true]);
    }
  });

  it('classificationChange: the share of classes that moved', () => {
    expect(verdicts(classificationChange(), a, a, a, b, b)).toEqual([
      false,
      false,
      true,
      false,
      false,
    ]);
    const half = classificationChange({ threshold: 0.5, patience: 1 });
    expect(verdicts(half, a, b, saying(1, 0, 0, 0))).toEqual([false, true, false]);
  });

  it('overallUncertainty: strictly below', () => {
    expect(overallUncertainty({ threshold: 0.5 }).shouldStop(a)).toBe(false);
    expect(overallUncertainty({ threshold: 0.51 }).shouldStop(a)).toBe(true);
  });

  it('refuse settings, a missing stop set, and another one', () => {
    const without: StoppingInput = { metrics: {}, nLabelled: 1 };
    for (const criterion of [
      kappaAgreement(),
      stabilizingPredictions(),
      classificationChange(),
      overallUncertainty({ threshold: 1 }),
    ]) {
      expect(criterion.needsStopSet).toBe(true);
      expect(() => criterion.shouldStop(without)).toThrow(StateError);
    }
    const other = saying(1);
    for (const criterion of [kappaAgreement(), classificationChange()]) {
      criterion.shouldStop(a);
      expect(() => criterion.shouldStop(other)).toThrow('the stop set must stay the same');
    }
    for (const make of [
      () => kappaAgreement({ threshold: 1.1 }),
      () => kappaAgreement({ threshold: -1.1 }),
      () => kappaAgreement({ patience: 0 }),
      () => stabilizingPredictions({ threshold: 1.1 }),
      () => stabilizingPredictions({ threshold: -1.1 }),
      () => stabilizingPredictions({ window: 0.5 }),
      () => stabilizingPredictions({ window: 0 }),
      () => classificationChange({ threshold: -0.1 }),
      () => classificationChange({ threshold: 1.1 }),
      () => classificationChange({ patience: 0 }),
      () => overallUncertainty({ threshold: Number.NaN }),
      () => overallUncertainty({ threshold: -0.5 }),
    ]) {
      expect(make).toThrow(RangeError);
    }
    for (const threshold of [-1, 1]) {
      expect(() => kappaAgreement({ threshold, patience: 1 })).not.toThrow();
      expect(() => stabilizingPredictions({ threshold, window: 1 })).not.toThrow();
    }
    for (const threshold of [0, 1])
      expect(() => classificationChange({ threshold, patience: 1 })).not.toThrow();
  });
});

describe('metricLevel and timeBudget', () => {
  it('compare with their level, inclusively', () => {
    const at = (accuracy: number): StoppingInput => ({ metrics: { accuracy }, nLabelled: 1 });
    const reach = metricLevel({ metric: 'accuracy', level: 0.9 });
    expect(verdicts(reach, at(0.89), at(0.9), at(0.95))).toEqual([false, true, true]);
    const fall = metricLevel({ metric: 'accuracy', level: 0.9, direction: 'atMost' });
    expect(verdicts(fall, at(0.89), at(0.9), at(0.95))).toEqual([true, true, false]);
    expect(() => reach.shouldStop({ metrics: { f1: 1, many: [1] }, nLabelled: 1 })).toThrow(
      'expected one of f1, got',
    );
    expect(() => metricLevel({ metric: 'f1', level: Number.NaN })).toThrow(RangeError);
    const time = timeBudget({ seconds: 60 });
    const after = (elapsedSeconds: number): StoppingInput => ({ ...at(1), elapsedSeconds });
    expect(verdicts(time, after(59.9), after(60))).toEqual([false, true]);
    expect(() => time.shouldStop(at(1))).toThrow(StateError);
    expect(() => time.shouldStop(after(Number.NaN))).toThrow(StateError);
    expect(() => timeBudget({ seconds: 0 })).toThrow(RangeError);
  });
});

describe('anyOf and allOf', () => {
  const fixed = (name: string, answers: boolean[]): StoppingCriterion & { asked: number } => {
    const criterion = {
      name,
      asked: 0,
      reset: () => {
        criterion.asked = 0;
      },
      shouldStop: () => answers[criterion.asked++] as boolean,
    };
    return criterion;
  };
  const none: StoppingInput = { metrics: {}, nLabelled: 0 };

  it('ask all of them every time, and reset all', () => {
    const [x, y] = [fixed('x', [true, true, false, false]), fixed('y', [true, false, true, false])];
    const [any, all] = [anyOf(x, y), allOf(x, y)];
    expect([any.name, all.name]).toEqual(['anyOf(x, y)', 'allOf(x, y)']);
    expect(verdicts(any, none, none, none, none)).toEqual([true, true, true, false]);
    any.reset?.();
    expect([x.asked, y.asked]).toEqual([0, 0]);
    expect(verdicts(all, none, none, none, none)).toEqual([true, false, false, false]);
    expect([x.asked, y.asked]).toEqual([4, 4]);
    expect(() => anyOf()).toThrow(ConfigError);
  });

  it('need what one of them needs', () => {
    const plain = labellingBudget({ budget: 1 });
    const uncertain = lowAverageUncertainty({ threshold: 1 });
    expect(anyOf(plain).needsUncertainty).toBe(false);
    expect(allOf(plain, anyOf(plain, uncertain)).needsUncertainty).toBe(true);
    expect(anyOf(plain, kappaAgreement()).needsStopSet).toBe(true);
    expect(anyOf(plain, uncertain).needsStopSet).toBe(false);
    expect(anyOf(plain, timeBudget({ seconds: 1 })).needsTime).toBe(true);
    expect(anyOf(plain, uncertain).needsTime).toBe(false);
  });
});

describe('in an experiment', () => {
  const stopSet = blobs({ n: 15, rng: createRng('stop-set') });

  it('the record holds what the model says about the stop set, and changes nothing else', async () => {
    const plain = await make({ rounds: 3 }).experiment.start();
    const watched = await make({ rounds: 3, stopSet }).experiment.start();
    expect(watched.map(({ stopSet: _, ...rest }) => rest)).toEqual(plain);
    for (const { stopSet: said } of watched) {
      expect(said?.predicted).toHaveLength(15);
      expect(said?.entropy).toBeGreaterThan(0);
    }
    // The journal keeps it to the last bit.
    const header = encodeHeader({ config: {}, cell: { heuristic: 'h', seed: 1 } });
    const text = header + watched.map(encodeRound).join('');
    expect(decodeJournal(text).rounds).toEqual(watched);
    const broken = text.replace('"predicted":[', '"predicted":[-1,');
    expect(() => decodeJournal(broken)).toThrow('bad stopSet');
  });

  it('a criterion stops a run where the replay of a longer one says, and again after a resume', async () => {
    const options = { stopSet, rounds: 7 };
    const full = await make(options).experiment.start();
    const criterion = (): StoppingCriterion =>
      anyOf(kappaAgreement({ threshold: 0.5, patience: 2 }), timeBudget({ seconds: 55 }));
    const elapsedSeconds = (round: number): number => 10 * round;
    const replayed = replayStopping(criterion(), full, { elapsedSeconds });
    expect(replayed.verdicts).toHaveLength(7);
    const at = replayed.stoppedAt?.round as number;
    expect(at).toBeGreaterThan(1);
    const stopped = await make({
      ...options,
      stop: [criterion()],
      elapsedSeconds,
    }).experiment.start();
    expect(stopped).toHaveLength(at + 1);
    expect(stopped.at(-1)?.stop).toBe('anyOf(kappaAgreement, timeBudget)');
    const resumed = make({ ...options, stop: [criterion()], elapsedSeconds });
    resumed.experiment.replay(stopped.slice(0, at));
    expect(await resumed.experiment.start()).toEqual(stopped);
  });

  it('passes the time of each round on', async () => {
    const elapsedSeconds = (round: number): number => 10 * round;
    const stop = [timeBudget({ seconds: 15 })];
    const records = await make({ rounds: 5, stop, elapsedSeconds }).experiment.start();
    expect(records.map(({ round }) => round)).toEqual([0, 1, 2]);
    expect(records.at(-1)?.stop).toBe('timeBudget');
  });

  it('predicts the stop set with a stream of its own, averaging as the evaluation does', async () => {
    const seen: PredictOptions[] = [];
    const { learner } = make().options;
    const spied: Learner<Example> = {
      ...learner,
      predict: (dataset, options) => {
        if (dataset === stopSet) seen.push(options);
        return learner.predict(dataset, options);
      },
    };
    await make({ rounds: 2, stopSet, learner: spied }).experiment.start();
    expect(seen.map(({ iterations }) => iterations)).toEqual([7, 7]);
    expect(seen.map((options) => options.rng.state().key)).toEqual(
      [0, 1].map((r) => rng.fork('run').fork(`round-${r}`).fork('stop-set').state().key),
    );
  });

  it('refuses a criterion that will lack what it needs', () => {
    expect(() => make({ stop: [kappaAgreement()] })).toThrow('needs the option stopSet');
    expect(() => make({ stop: [timeBudget({ seconds: 1 })] })).toThrow(
      'needs the option elapsedSeconds',
    );
    expect(() => make({ stopSet: subset(stopSet, [0]), stop: [kappaAgreement()] })).not.toThrow();
  });
});

describe('replayStopping', () => {
  const record = (round: number, mean: number | undefined): RoundRecord => ({
    round,
    labelled: 10 + 5 * round,
    pool: { size: 9, scored: 9 },
    train: {},
    test: { accuracy: round / 10 },
    acquired: [],
    scores: [],
    ...(mean !== undefined && { uncertainty: { mean, std: 0, min: mean, max: mean } }),
  });
  const records = [record(0, 0.5), record(1, 0.1), record(2, 0.3), record(3, undefined)];

  it('tells every verdict, and the first stop', () => {
    const {
      name,
      verdicts: all,
      stoppedAt,
    } = replayStopping(lowAverageUncertainty({ threshold: 0.2 }), records);
    expect(name).toBe('lowAverageUncertainty');
    expect(all.map(({ stop }) => stop)).toEqual([false, true, false, null]);
    expect(stoppedAt).toEqual({ round: 1, labelled: 15, stop: true });
    expect(
      replayStopping(metricLevel({ metric: 'accuracy', level: 0.3 }), records).stoppedAt?.round,
    ).toBe(3);
    expect(replayStopping(labellingBudget({ budget: 99 }), records).stoppedAt).toBeNull();
  });

  it('begins afresh, and leaves the criterion so', () => {
    const criterion = kappaAgreement();
    const said = records.map((one) => ({ ...one, stopSet: { predicted: [0, 1], entropy: 1 } }));
    criterion.shouldStop(saying(0, 1));
    const first = replayStopping(criterion, said);
    expect(first.verdicts.map(({ stop }) => stop)).toEqual([false, true, true, true]);
    expect(criterion.shouldStop(saying(0, 1))).toBe(false);
    expect(() => replayStopping(criterion, records)).toThrow(StateError);
  });
});
