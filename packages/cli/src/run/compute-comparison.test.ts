import { describe, expect, it } from 'vitest';
import { computeComparison } from './compute-comparison.ts';
import type { CellResult } from './results.ts';
import { factorResult } from './savings.ts';

const baselines = new Map([
  ['bald', 'random'],
  ['entropy', 'random'],
]);
const options = { baselines, confidence: 0.95 };

/** A cell evaluated at 10, 20 and 40 labels, whose curve is 0.3, 0.5, 0.7 and so much higher throughout. */
function cell(heuristic: string, seed: number, higher: number, changes = {}): CellResult {
  const rounds = [10, 20, 40].map((labelled, round) => ({
    round,
    labelled,
    accuracy: 0.3 + 0.2 * round + higher,
    nll: null,
    brier: null,
    ece: null,
  }));
  const reliability = { count: [], confidence: [], accuracy: [] };
  const rest = { acquiredPerClass: [], reliability };
  return { heuristic, seed, status: 'finished', rounds, ...rest, ...changes };
}

const higher: Readonly<Record<string, readonly number[]>> = {
  bald: [0.01, 0.02, 0.03],
  entropy: [0.005, -0.02, 0.04],
  random: [0, 0, 0],
};
const names = Object.keys(higher);
const cells = [0, 1, 2].flatMap((seed) =>
  names.map((name) => cell(name, seed, higher[name]?.[seed] as number)),
);

/** With 3 seeds there are 2 degrees of freedom, where Student's t has a closed form. */
function tTest(values: readonly number[]): { mean: number; half: number; p: number } {
  const mean = values.reduce((a, b) => a + b, 0) / 3;
  const error = Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / 2 / 3);
  const t = Math.abs(mean) / error;
  const q = 0.95;
  return {
    mean,
    half: q * Math.sqrt(2 / (1 - q * q)) * error,
    p: 1 - t / Math.sqrt(2 + t * t),
  };
}

describe('computeComparison', () => {
  const found = computeComparison(names, cells, options);

  it('has areas by hand', () => {
    // Trapezoids 10 wide at 0.4 and 20 wide at 0.6, over 30 labels.
    const area = (10 * 0.4 + 20 * 0.6) / 30;
    expect(found?.labelled).toEqual([10, 20, 40]);
    expect(found?.seeds).toEqual([0, 1, 2]);
    found?.areas.forEach(({ heuristic, perSeed, mean, low, high }, i) => {
      expect(heuristic).toBe(names[i]);
      const own = higher[heuristic] as readonly number[];
      own.forEach((shift, seed) => {
        expect(perSeed[seed]).toBeCloseTo(area + shift, 12);
      });
      const expected = tTest(own.map((shift) => area + shift));
      expect(mean).toBeCloseTo(expected.mean, 12);
      expect(low).toBeCloseTo(expected.mean - expected.half, 9);
      expect(high).toBeCloseTo(expected.mean + expected.half, 9);
    });
  });

  it('tests each against Random, corrected for their number', () => {
    expect(found?.againstBaseline.map((t) => [t.heuristic, t.against])).toEqual([
      ['bald', 'random'],
      ['entropy', 'random'],
    ]);
    const [bald, entropy] = found?.againstBaseline ?? [];
    const byHand = [higher.bald ?? [], higher.entropy ?? []].map(tTest);
    [bald, entropy].forEach((test, i) => {
      expect(test?.mean).toBeCloseTo(byHand[i]?.mean as number, 12);
      expect(test?.low).toBeCloseTo((byHand[i]?.mean as number) - (byHand[i]?.half as number), 9);
      expect(test?.high).toBeCloseTo((byHand[i]?.mean as number) + (byHand[i]?.half as number), 9);
      expect(test?.pValue).toBeCloseTo(byHand[i]?.p as number, 9);
    });
    // Holm: the smaller twice, the larger once.
    expect(bald?.adjustedPValue).toBeCloseTo(2 * (byHand[0]?.p as number), 9);
    expect(entropy?.adjustedPValue).toBeCloseTo(byHand[1]?.p as number, 9);
    // Of 8 signs, 1 is as extreme as three plus; 3 have a sum of at most 2, that of the one minus.
    expect([bald?.wilcoxon, bald?.adjustedWilcoxon]).toEqual([0.25, 0.5]);
    expect([entropy?.wilcoxon, entropy?.adjustedWilcoxon]).toEqual([0.75, 0.75]);
  });

  it('tests each pair, a family of its own', () => {
    expect(found?.pairs.map((t) => [t.heuristic, t.against])).toEqual([
      ['bald', 'entropy'],
      ['bald', 'random'],
      ['entropy', 'random'],
    ]);
    expect(found?.pairs[1]?.pValue).toBe(found?.againstBaseline[0]?.pValue);
    expect(found?.pairs[1]?.adjustedPValue).toBeCloseTo(
      3 * (found?.pairs[1]?.pValue as number),
      12,
    );
  });

  it('ranks within each seed', () => {
    expect(found?.ranks?.strategies).toEqual([
      { heuristic: 'bald', rank: 4 / 3 },
      { heuristic: 'entropy', rank: 2 },
      { heuristic: 'random', rank: 8 / 3 },
    ]);
    // Demšar's 2.343 for three treatments.
    expect(found?.ranks?.criticalDifference).toBeCloseTo(2.343 * Math.sqrt(12 / 18), 2);
    expect(found?.ranks?.groups).toEqual([['bald', 'entropy', 'random']]);
    const two = (seeds: number, strategies: number): unknown =>
      computeComparison(
        names.slice(0, strategies),
        cells.filter((c) => c.seed < seeds),
        options,
      )?.ranks;
    expect(two(1, 3)).toBeNull();
    expect(two(3, 2)).toBeNull();
  });

  it('has no test of one seed, and no baseline where Random is not', () => {
    const one = computeComparison(['bald', 'entropy'], cells.slice(0, 3), options);
    expect(one?.againstBaseline).toEqual([]);
    expect(one?.pairs).toHaveLength(1);
    expect(one?.pairs[0]).toMatchObject({ low: null, high: null, pValue: null });
    expect(one?.pairs[0]?.adjustedPValue).toBeNull();
  });

  it('leaves out what is not finished, and says so', () => {
    const broken = cells.map((c) =>
      c.heuristic === 'entropy' || (c.heuristic === 'bald' && c.seed === 1)
        ? { ...c, status: 'failed' as const, rounds: c.rounds.slice(0, 1) }
        : c,
    );
    const rest = computeComparison(names, broken, options);
    expect(rest?.leftOut).toEqual(['entropy']);
    expect(rest?.leftOutSeeds).toEqual([1]);
    expect(rest?.areas.map((a) => a.heuristic)).toEqual(['bald', 'random']);
    expect(rest?.labelled).toEqual([10, 20, 40]);
  });

  it('is null where nothing can be compared', () => {
    expect(computeComparison(names, [], options)).toBeNull();
    const short = cells.map((c) => ({ ...c, rounds: c.rounds.slice(0, 1) }));
    expect(computeComparison(names, short, options)).toBeNull();
    const apart = [cell('bald', 0, 0), cell('random', 1, 0)];
    expect(computeComparison(['bald', 'random'], apart, options)).toBeNull();
  });
});

describe('factorResult', () => {
  it('is the geometric mean of the ratios, and counts who never got there', () => {
    const own = [cell('bald', 0, 0.2), cell('bald', 1, 0), cell('bald', 2, 0), cell('bald', 3, 0)];
    const others = [cell('random', 0, 0), cell('random', 1, 0.2), cell('random', 2, -0.2)];
    // To 0.7: 20 against 40 labels, 40 against 20, 40 against never.
    const { factor, low, high, ...counts } = factorResult(own, others, 0.69, 0.95);
    expect(factor).toBeCloseTo(1, 12);
    expect(Math.log(high as number)).toBeCloseTo(12.7062 * Math.LN2, 3);
    expect(Math.log(low as number)).toBeCloseTo(-12.7062 * Math.LN2, 3);
    expect(counts).toEqual({ level: 0.69, seeds: 2, unreached: 0, baselineUnreached: 1 });
    expect(factorResult(own, [], 0.69, 0.95)).toMatchObject({ factor: null, seeds: 0 });
  });
});
