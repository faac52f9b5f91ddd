import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ConfigError, StateError } from '../errors.ts';
import { earlyStopping } from './early-stopping.ts';
import { labellingBudget } from './labelling-budget.ts';
import { lowAverageUncertainty } from './low-average-uncertainty.ts';
import type { StoppingCriterion, StoppingInput } from './stopping-criterion.ts';
import { trainUntilReached } from './train-until.ts';
import { summarizeUncertainty } from './uncertainty-summary.ts';

interface Recorded {
  readonly criterion: 'LabellingBudget' | 'LowAverageUncertainty' | 'EarlyStopping';
  readonly params: Record<string, never>;
  readonly calls: readonly {
    readonly n_labelled?: number;
    readonly uncertainty?: number[];
    readonly metric?: number;
    readonly stop: boolean;
  }[];
}

const manifest: { stopping_criteria: Recorded[] } = JSON.parse(
  readFileSync(new URL('../../test/golden/datasets/manifest.json', import.meta.url), 'utf8'),
);

function make({ criterion, params }: Recorded): StoppingCriterion {
  switch (criterion) {
    case 'LabellingBudget': {
      const { labelling_budget: budget, start_labelled: startLabelled } = params;
      return labellingBudget({ budget: Number(budget), startLabelled: Number(startLabelled) });
    }
    case 'LowAverageUncertainty':
      return lowAverageUncertainty({ threshold: Number(params.avg_uncertainty_thresh) });
    case 'EarlyStopping':
      return earlyStopping({
        metric: String(params.metric_name),
        patience: Number(params.patience),
        epsilon: Number(params.epsilon),
      });
  }
}

const input = (call: Recorded['calls'][number]): StoppingInput => {
  const uncertainty = call.uncertainty && summarizeUncertainty(call.uncertainty);
  return {
    metrics: call.metric === undefined ? {} : { m: call.metric },
    nLabelled: call.n_labelled ?? 0,
    ...(uncertainty && { uncertainty }),
  };
};

const only = (metric: number): StoppingInput => ({ metrics: { m: metric }, nLabelled: 0 });

describe.each(manifest.stopping_criteria)('recorded with Baal: $criterion $params', (recorded) => {
  it('stops when Baal stopped, and again after a reset', () => {
    const criterion = make(recorded);
    for (let run = 0; run < 2; run++) {
      for (const call of recorded.calls) expect(criterion.shouldStop(input(call))).toBe(call.stop);
      criterion.reset?.();
    }
  });
});

it('has all four recordings', () => expect(manifest.stopping_criteria).toHaveLength(4));

describe('earlyStopping', () => {
  it('never stops on a falling series, and stops on the fifth of a constant one (patience 5)', () => {
    const criterion = earlyStopping({ metric: 'm', patience: 5 });
    for (let i = 0; i < 10; i++) expect(criterion.shouldStop(only(1 / (i + 1)))).toBe(false);
    criterion.reset?.();
    const verdicts = Array.from({ length: 5 }, () => criterion.shouldStop(only(0.1)));
    expect(verdicts).toEqual([false, false, false, false, true]);
  });

  it('compares large values relatively too', () => {
    const criterion = earlyStopping({ metric: 'm', patience: 2, epsilon: 0 });
    expect([1000, 1000.009, 1000.02].map((m) => criterion.shouldStop(only(m)))).toEqual([
      false,
      true,
      false,
    ]);
  });

  it('has a patience of 10 and an epsilon of 1e-4, and takes the size of negative values', () => {
    const last = (options: { patience?: number; epsilon?: number }, ...values: number[]) => {
      const criterion = earlyStopping({ metric: 'm', ...options });
      return values.map((m) => criterion.shouldStop(only(m))).at(-1);
    };
    expect(last({}, ...new Array(9).fill(1))).toBe(false);
    expect(last({}, ...new Array(10).fill(1))).toBe(true);
    expect(last({ patience: 2 }, 0.99e-4, 0)).toBe(true);
    expect(last({ patience: 2 }, 1.01e-4, 0)).toBe(false);
    const exact = { patience: 2, epsilon: 0 };
    expect(last(exact, 0, 0)).toBe(true);
    expect(last(exact, 1000.012, 1000)).toBe(false);
    expect(last(exact, -1000.009, -1000)).toBe(true);
    expect(last(exact, -1000.012, -1000)).toBe(false);
  });

  it('names the figures that there are', () => {
    const ask = (metric: string) =>
      earlyStopping({ metric }).shouldStop({
        metrics: { accuracy: 1, perClass: [1, 2] },
        nLabelled: 1,
      });
    expect(() => ask('f1')).toThrow(/expected one of accuracy, got 'f1'/);
    expect(() => ask('perClass')).toThrow(ConfigError);
    expect(() => earlyStopping({ metric: 'm', patience: 0 })).toThrow(RangeError);
    expect(() => earlyStopping({ metric: 'm', epsilon: -1 })).toThrow(RangeError);
  });
});

describe('the other criteria', () => {
  it('check their settings', () => {
    expect(() => labellingBudget({ budget: 0 })).toThrow(RangeError);
    expect(() => labellingBudget({ budget: 1, startLabelled: -1 })).toThrow(RangeError);
    expect(() => lowAverageUncertainty({ threshold: Number.NaN })).toThrow(RangeError);
    expect(() => lowAverageUncertainty({ threshold: 1 }).shouldStop(only(1))).toThrow(StateError);
  });

  it('counts the final size if nothing is said about the start', () => {
    const criterion = labellingBudget({ budget: 10 });
    expect(criterion.shouldStop({ metrics: {}, nLabelled: 9 })).toBe(false);
    expect(criterion.shouldStop({ metrics: {}, nLabelled: 10 })).toBe(true);
  });
});

describe('summarizeUncertainty', () => {
  it('agrees with the closed form, and keeps digits around a large mean', () => {
    expect(summarizeUncertainty([1, 2, 3, 4])).toEqual({
      mean: 2.5,
      std: Math.sqrt(1.25),
      min: 1,
      max: 4,
    });
    expect(summarizeUncertainty([1e9, 1e9 + 1])?.std).toBe(0.5);
    expect(summarizeUncertainty([3, Number.NEGATIVE_INFINITY])).toEqual({
      mean: 3,
      std: 0,
      min: 3,
      max: 3,
    });
    expect(summarizeUncertainty([-1, -5, -3])).toEqual({
      mean: -3,
      std: Math.sqrt(8 / 3),
      min: -5,
      max: -1,
    });
    expect(summarizeUncertainty([])).toBeUndefined();
  });
});

describe('trainUntilReached', () => {
  it('compares with the level, inclusively', () => {
    expect(trainUntilReached(null, {})).toBe(false);
    expect(trainUntilReached({ accuracy: 0.9 }, { accuracy: 0.9 })).toBe(true);
    expect(trainUntilReached({ accuracy: 0.9 }, { accuracy: 0.89 })).toBe(false);
    expect(trainUntilReached({ loss: 0.1 }, { loss: 0.1, accuracy: 0 })).toBe(true);
    expect(trainUntilReached({ loss: 0.1 }, { loss: 0.11 })).toBe(false);
    expect(() => trainUntilReached({ loss: 0.1 }, { accuracy: 1 })).toThrow(/no loss.*accuracy/);
  });
});
