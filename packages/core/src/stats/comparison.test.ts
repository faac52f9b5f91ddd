import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError, NumericalError, ShapeError } from '../errors.ts';
import { createRng } from '../random/create-rng.ts';
import { benjaminiHochberg, holm } from './adjust-p-values.ts';
import { areaUnderLearningCurve } from './area-under-learning-curve.ts';
import { compareStrategies } from './compare-strategies.ts';
import { dataSavingFactor } from './data-saving-factor.ts';
import { friedmanTest } from './friedman.ts';
import type { LearningCurve } from './learning-curve.ts';
import { pairedTTest, wilcoxonSignedRank } from './paired-tests.ts';
import { midRanks } from './ranks.ts';

const curve = (...values: number[]): LearningCurve => ({
  labelled: values.map((_, i) => 20 + 10 * i),
  values,
});

describe('midRanks', () => {
  it('shares the mean of tied ranks', () => {
    expect(midRanks([3, 1, 3, 2, 3])).toEqual([4, 1, 4, 2, 4]);
    expect(midRanks([])).toEqual([]);
  });
});

describe('pairedTTest', () => {
  it('equals SciPy 1.17.1 ttest_rel', () => {
    const a = [0.81, 0.84, 0.79, 0.88, 0.83, 0.86];
    const b = [0.8, 0.8, 0.8, 0.82, 0.83, 0.79];
    const { t, pValue, mean, interval } = pairedTTest(a, b);
    expect(t).toBeCloseTo(2.095733109066536, 10);
    expect(pValue).toBeCloseTo(0.09024061867861702, 11);
    // The interval holds 0 exactly when p is above 1 minus its confidence.
    expect(mean).toBeCloseTo(0.17 / 6, 12);
    expect(interval?.lower).toBeLessThan(0);
    expect(pairedTTest(a, b, { confidence: 0.9 }).interval?.lower).toBeGreaterThan(0);
  });

  it('rejects as often as it says where nothing differs (false alarm 6e-7)', () => {
    const rng = createRng('t');
    let rejected = 0;
    for (let i = 0; i < 4000; i++) {
      const draw = (): number[] => Array.from({ length: 5 }, rng.normal);
      if ((pairedTTest(draw(), draw()).pValue as number) < 0.1) rejected++;
    }
    expect(Math.abs(rejected - 400)).toBeLessThan(5 * Math.sqrt(4000 * 0.1 * 0.9));
  });

  it('says what it can of one pair and of equal differences', () => {
    expect(pairedTTest([2], [1])).toEqual({ mean: 1, interval: null, t: null, pValue: null });
    expect(pairedTTest([1, 2], [1, 2])).toMatchObject({ t: 0, pValue: 1 });
    expect(pairedTTest([2, 3], [1, 2])).toMatchObject({
      t: Number.POSITIVE_INFINITY,
      pValue: 0,
    });
    expect(() => pairedTTest([1], [])).toThrow(ShapeError);
    expect(() => pairedTTest([Number.NaN], [1])).toThrow(NumericalError);
  });
});

describe('wilcoxonSignedRank', () => {
  it('equals SciPy 1.17.1, exact', () => {
    const d = [3, -1, 4, 1.5, -5, 9, 2, 6];
    const result = wilcoxonSignedRank(d, new Array(8).fill(0));
    expect(result).toEqual({ positive: 29, negative: 7, pairs: 8, pValue: 0.1484375, exact: true });
  });

  it('counts all signs, ties and zeros included', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -4, max: 4 }), { minLength: 1, maxLength: 9 }),
        (d) => {
          const result = wilcoxonSignedRank(d, new Array(d.length).fill(0));
          const own = d.filter((x) => x !== 0);
          const ranks = own.map((x) => {
            const below = own.filter((y) => Math.abs(y) < Math.abs(x)).length;
            const level = own.filter((y) => Math.abs(y) === Math.abs(x)).length;
            return below + (level + 1) / 2;
          });
          const total = ranks.reduce((a, b) => a + b, 0);
          const w = ranks.reduce((sum, rank, i) => sum + ((own[i] as number) > 0 ? rank : 0), 0);
          let extreme = 0;
          for (let signs = 0; signs < 2 ** own.length; signs++) {
            const other = ranks.reduce((sum, rank, i) => sum + ((signs >> i) & 1 ? rank : 0), 0);
            if (other <= Math.min(w, total - w)) extreme++;
          }
          expect(result.positive).toBe(w);
          expect(result.negative).toBe(total - w);
          expect(result.pValue).toBeCloseTo(Math.min(1, (2 * extreme) / 2 ** own.length), 12);
        },
      ),
    );
  });

  it('goes over to the normal approximation without a jump', () => {
    const rng = createRng('wilcoxon');
    const d = Array.from({ length: 201 }, () => rng.normal() + 0.12);
    const near = wilcoxonSignedRank(d.slice(0, 200), new Array(200).fill(0));
    const far = wilcoxonSignedRank(d, new Array(201).fill(0));
    expect([near.exact, far.exact]).toEqual([true, false]);
    // The normal approximation of the first 200, by hand.
    const mean = (200 * 201) / 4;
    const z = (Math.abs(near.positive - mean) - 0.5) / Math.sqrt((200 * 201 * 401) / 24);
    const zFar =
      (Math.abs(far.positive - (201 * 202) / 4) - 0.5) / Math.sqrt((201 * 202 * 403) / 24);
    const tail = (x: number): number => {
      let sum = 0;
      for (let i = 0; i < 40_000; i++) sum += Math.exp(-((x + (i + 0.5) / 4000) ** 2) / 2) / 4000;
      return (2 * sum) / Math.sqrt(2 * Math.PI);
    };
    expect(near.pValue).toBeCloseTo(tail(z), 3);
    expect(far.pValue).toBeCloseTo(tail(zFar), 8);
    // The other way round it is the same test.
    const opposite = wilcoxonSignedRank(new Array(201).fill(0), d);
    expect(opposite.positive).toBe(far.negative);
    expect(opposite.pValue).toBe(far.pValue);
    expect(() => wilcoxonSignedRank([1, Number.NaN], [0, 0])).toThrow('pair 1 is NaN and 0');
  });
});

describe('corrections for many tests', () => {
  it('by hand, in the given order', () => {
    const p = [0.01, 0.04, 0.03, 0.2, 0.005];
    // Sorted 0.005 0.01 0.03 0.04 0.2 by 5 4 3 2 1.
    [0.04, 0.09, 0.09, 0.2, 0.025].forEach((value, i) => {
      expect(holm(p)[i]).toBeCloseTo(value, 14);
    });
    // SciPy 1.17.1 false_discovery_control.
    [0.025, 0.05, 0.05, 0.2, 0.025].forEach((value, i) => {
      expect(benjaminiHochberg(p)[i]).toBeCloseTo(value, 14);
    });
  });

  it('raise p-values, at most by their number, and keep their order', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 }), (p) => {
        const [h, b] = [holm(p), benjaminiHochberg(p)];
        p.forEach((value, i) => {
          expect(h[i]).toBeGreaterThanOrEqual(value);
          expect(h[i]).toBeLessThanOrEqual(Math.min(1, p.length * value) + 1e-15);
          expect(b[i]).toBeGreaterThanOrEqual(value * (1 - 1e-15));
          expect(b[i]).toBeLessThanOrEqual((h[i] as number) + 1e-15);
          p.forEach((other, j) => {
            if (value < other) {
              expect(h[i]).toBeLessThanOrEqual(h[j] as number);
              expect(b[i]).toBeLessThanOrEqual(b[j] as number);
            }
          });
        });
      }),
    );
    expect(holm([0.9, 0.8])).toEqual([1, 1]);
    expect(() => holm([0.1, 1.1])).toThrow('p-value 1 is 1.1');
    expect(() => holm([-0.1])).toThrow('p-value 0 is -0.1');
    expect(() => benjaminiHochberg([Number.NaN])).toThrow(RangeError);
  });
});

describe('friedmanTest', () => {
  const values = [
    [9, 6, 7],
    [8, 8, 5],
    [7, 4, 6],
    [9, 5, 5],
    [6, 7, 3],
  ];

  it('equals SciPy 1.17.1, ties corrected', () => {
    const result = friedmanTest(values);
    expect(result.chiSquared).toBeCloseTo(4.333333333333339, 11);
    expect(result.pValue).toBeCloseTo(0.1145588439926874, 12);
    [6.5, 11, 12.5].forEach((sum, j) => {
      expect(result.ranks[j]).toBeCloseTo(sum / 5, 14);
    });
    // Iman and Davenport: F = 4 chi2 / (10 - chi2) with 2 and 8 degrees of freedom.
    expect(result.pValueF).toBeCloseTo(0.10311234567901188, 10);
    const errors = friedmanTest(
      values.map((row) => row.map((value) => -value)),
      { better: 'lower' },
    );
    expect(errors).toEqual(result);
  });

  it("is Demšar's example: 14 data sets, 4 classifiers, CD 1.25", () => {
    // The critical difference depends on the numbers of blocks and treatments alone.
    const table = Array.from({ length: 14 }, (_, i) =>
      [0, 1, 2, 3].map((j) => (i * 7 + j * 3) % 11),
    );
    const { criticalDifference } = friedmanTest(table);
    expect(criticalDifference).toBeCloseTo(2.569 * Math.sqrt((4 * 5) / (6 * 14)), 3);
    expect(friedmanTest(table, { alpha: 0.1 }).criticalDifference).toBeCloseTo(1.12, 2);
  });

  it('has as many false alarms as it says where nothing differs', () => {
    const rng = createRng('friedman');
    let [chi, f] = [0, 0];
    for (let i = 0; i < 1000; i++) {
      const table = Array.from({ length: 12 }, () => Array.from({ length: 4 }, rng.normal));
      const { pValue, pValueF } = friedmanTest(table);
      if (pValue < 0.05) chi++;
      if ((pValueF as number) < 0.05) f++;
    }
    // Both are approximations: within 2.5 points of 5 %.
    expect(Math.abs(chi / 1000 - 0.05)).toBeLessThan(0.025);
    expect(Math.abs(f / 1000 - 0.05)).toBeLessThan(0.025);
  });

  it('names the groups that cannot be told apart', () => {
    // Ranks 1, 2, 3 in all of 5 blocks: CD = 1.48, so neighbours go together, the ends do not.
    const clear = Array.from({ length: 5 }, () => [3, 1, 2]);
    const result = friedmanTest(clear);
    expect(result.ranks).toEqual([1, 3, 2]);
    expect(result.groups).toEqual([
      [0, 2],
      [2, 1],
    ]);
    expect(result.chiSquared).toBeCloseTo(10, 12);
    expect(result.pValueF).toBe(0);
    expect(friedmanTest([[1, 1, 1]])).toMatchObject({ chiSquared: 0, pValue: 1, pValueF: null });
    expect(friedmanTest([[1, 1, 1]]).groups).toEqual([[0, 1, 2]]);
    const many = Array.from({ length: 60 }, () => [3, 1, 2]);
    expect(friedmanTest(many).groups).toEqual([]);
  });

  it('refuses what is no table', () => {
    expect(() => friedmanTest([])).toThrow(ShapeError);
    expect(() => friedmanTest([[1]])).toThrow(ShapeError);
    expect(() => friedmanTest([[1, 2], [1]])).toThrow(ShapeError);
    expect(() => friedmanTest([[1, Number.NaN]])).toThrow(NumericalError);
    expect(() => friedmanTest([[1, 2]], { alpha: 1 })).toThrow(RangeError);
  });
});

describe('dataSavingFactor', () => {
  it('is the geometric mean of the ratios, seeds without one left out', () => {
    const strategy = [curve(0.9), curve(0.1, 0.1, 0.9), curve(0.1, 0.9), curve(0.1), curve(0.2)];
    const baseline = [curve(0.1, 0.1, 0.9), curve(0.9), curve(0.1), curve(0.9), curve(0.9)];
    const result = dataSavingFactor(strategy, baseline, 0.9);
    expect(result.perSeed).toEqual([2, 0.5, null, null, null]);
    expect(result.factor).toBeCloseTo(1, 14);
    expect([result.pairs, result.strategyUnreached, result.baselineUnreached]).toEqual([2, 2, 1]);
    // Logarithms ln 2 and -ln 2: half width 12.706 ln 2.
    expect(Math.log(result.interval?.upper as number)).toBeCloseTo(12.7062047362 * Math.LN2, 8);
    expect(Math.log(result.interval?.lower as number)).toBeCloseTo(-12.7062047362 * Math.LN2, 8);
  });

  it('has no factor where nobody gets there, and takes errors from above', () => {
    expect(dataSavingFactor([curve(0.1)], [curve(0.1)], 0.9)).toMatchObject({
      factor: null,
      interval: null,
    });
    expect(
      dataSavingFactor([curve(0.1)], [curve(0.5, 0.1)], 0.2, { direction: 'atMost' }).factor,
    ).toBeCloseTo(1.5, 14);
  });
});

describe('compareStrategies', () => {
  const runs = (shift: number, seeds: readonly number[], noise = 1) =>
    seeds.map((seed) => ({
      seed,
      curve: curve(
        ...[0.5, 0.7, 0.8].map((v, i) => v + shift * i + (noise * ((seed * 7 + i) % 5)) / 200),
      ),
    }));
  const strategies = [
    { name: 'random', runs: runs(0, [1, 2, 3, 4]) },
    { name: 'bald', runs: runs(0.05, [4, 3, 2, 1], 1.1) },
    { name: 'entropy', runs: runs(0.01, [1, 2, 3, 5], -1) },
  ];

  it('compares the same seeds, paired, in the order of the first strategy', () => {
    const result = compareStrategies(strategies, { baseline: 'random', levels: [0.85, 0.99] });
    expect(result.seeds).toEqual([1, 2, 3]);
    expect(result.leftOut).toEqual([4, 5]);
    expect(result.labelled).toEqual([20, 30, 40]);
    const [random, bald, entropy] = result.strategies;
    const areaOf = (s: number, seed: number): number =>
      areaUnderLearningCurve(
        strategies[s]?.runs.find((run) => run.seed === seed)?.curve as LearningCurve,
      );
    expect(bald?.areas).toEqual([1, 2, 3].map((seed) => areaOf(1, seed)));
    expect(random?.againstBaseline).toBeUndefined();
    expect(bald?.againstBaseline?.tTest).toEqual(
      pairedTTest(bald?.areas ?? [], random?.areas ?? []),
    );
    expect(entropy?.againstBaseline?.wilcoxon).toEqual(
      wilcoxonSignedRank(entropy?.areas ?? [], random?.areas ?? []),
    );
    const p = [bald, entropy].map((one) => one?.againstBaseline?.tTest.pValue as number);
    expect([bald, entropy].map((one) => one?.againstBaseline?.adjustedPValue)).toEqual(holm(p));
    expect(bald?.againstBaseline?.savings.map(({ level }) => level)).toEqual([0.85, 0.99]);
    expect(bald?.againstBaseline?.savings[1]?.factor).toBeNull();
    expect(result.friedman?.ranks[1]).toBe(1);
    const wide = compareStrategies(strategies, { confidence: 0.8 });
    const blocks = [0, 1, 2].map((s) => wide.strategies.map(({ areas }) => areas[s] as number));
    expect(wide.friedman).toEqual(friedmanTest(blocks, { alpha: 1 - 0.8 }));
  });

  it('tests nothing in pairs without a baseline, and ranks no strategy alone', () => {
    const { strategies: compared } = compareStrategies(strategies);
    expect(compared.map(({ againstBaseline }) => againstBaseline)).toEqual(
      new Array(3).fill(undefined),
    );
    expect(compareStrategies(strategies.slice(0, 1)).friedman).toBeNull();
  });

  it('looks only where all were evaluated', () => {
    const short = { name: 'short', runs: [{ seed: 1, curve: curve(0.5, 0.7) }] };
    const result = compareStrategies([{ name: 'long', runs: runs(0, [1]) }, short]);
    expect(result.labelled).toEqual([20, 30]);
    expect(result.friedman).toBeNull();
    expect(result.strategies[0]?.interval).toBeNull();
    const one = compareStrategies([{ name: 'long', runs: runs(0, [1]) }, short], {
      baseline: 'short',
    });
    expect(one.strategies[0]?.againstBaseline?.adjustedPValue).toBeNull();
  });

  it('takes errors from above', () => {
    const lower = compareStrategies(
      [
        { name: 'a', runs: [1, 2].map((seed) => ({ seed, curve: curve(0.5, 0.1) })) },
        { name: 'b', runs: [1, 2].map((seed) => ({ seed, curve: curve(0.5, 0.4, 0.1) })) },
      ],
      { baseline: 'b', better: 'lower', levels: [0.2] },
    );
    expect(lower.friedman?.ranks).toEqual([1, 2]);
    expect(lower.strategies[0]?.againstBaseline?.savings[0]?.factor).toBeCloseTo(4 / 3, 12);
  });

  it('refuses what cannot be compared', () => {
    const [random, bald] = strategies as [(typeof strategies)[0], (typeof strategies)[0]];
    expect(() => compareStrategies([random], { baseline: 'bald' })).toThrow(ConfigError);
    expect(() => compareStrategies([random, random])).toThrow(ConfigError);
    const twice = { name: 'x', runs: [...random.runs, ...random.runs] };
    expect(() => compareStrategies([twice])).toThrow('a seed twice');
    const other = { name: 'other', runs: runs(0, [9]) };
    expect(() => compareStrategies([bald, other])).toThrow('no seed is common');
    const far = { name: 'far', runs: [{ seed: 1, curve: { labelled: [20, 31], values: [1, 1] } }] };
    expect(() => compareStrategies([random, far])).toThrow('1 numbers of labels in common');
  });
});
