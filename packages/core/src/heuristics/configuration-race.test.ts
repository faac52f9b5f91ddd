import { describe, expect, it } from 'vitest';
import { configurationRace } from './configuration-race.ts';
import type { LabelConfigurations } from './label-configurations.ts';
import type { LabelProbabilities } from './label-probabilities.ts';
import { rowInformation } from './row-information.ts';

// Four posterior samples, certain of their labels. Item 0 tells 0 from 1 and 2 from 3; item 1 tells
// 2 from 3 and both from the rest; item 2 tells nothing.
const labelOf = [
  [0, 1, 0, 1],
  [0, 0, 1, 2],
  [0, 0, 0, 0],
];
const labels: LabelProbabilities = {
  N: 3,
  K: 4,
  C: 3,
  probs_N_C_K: Float64Array.from(
    labelOf.flatMap((own) => [0, 1, 2].flatMap((c) => own.map((label) => (label === c ? 1 : 0)))),
  ),
  entropies_N_K: new Float64Array(12),
};

/** Some configurations leave samples 0 and 1, where item 1 tells nothing; the others all four. */
const configurations = (M: number, shareOfTwo: number): LabelConfigurations => ({
  M,
  shares_M: new Float64Array(M).fill(1 / M),
  weights_M_K: Float64Array.from({ length: 4 * M }, (_, i) => {
    const two = (Math.floor(i / 4) * 0.618034) % 1 < shareOfTwo;
    return two ? (i % 4 < 2 ? 0.5 : 0) : 0.25;
  }),
});
const race = (M: number, shareOfTwo: number) =>
  configurationRace(configurations(M, shareOfTwo), labels, rowInformation(labels));

describe('configurationRace', () => {
  it('compares expectations over all configurations, not over those where most is open', () => {
    // Item 0 gives ln 2 in each; item 1 gives 1.5 ln 2 in 55 %, 0.83 ln 2 on average, although the
    // configurations that it is better in are those drawn most.
    const one = race(8192, 0.45);
    expect(one?.mayWin(0)).toBe(true);
    one?.lead();
    expect(one?.mayWin(1)).toBe(false);
    expect(one?.mayWin(2)).toBe(false);
    expect(one?.mayWin(0)).toBe(true);
  });

  it('lets the better one pass, whoever leads', () => {
    const one = race(8192, 0.1); // now item 1 gives 1.35 ln 2
    one?.mayWin(0);
    one?.lead();
    expect(one?.mayWin(1)).toBe(true);
    one?.lead();
    expect(one?.mayWin(0)).toBe(false);
  });

  it('drops an item 5 standard errors behind, not before', () => {
    // 64 differences of mean -lag and deviation 1: their mean has the standard error 1/8.
    const falls = (lag: number, deviation = 1): boolean => {
      const one = configurationRace(configurations(256, 0), labels, (_, from, to, item, out) => {
        for (let i = from; i < to; i++)
          out[i] = item === 0 ? 3 : 3 - lag + (i % 2 ? deviation : -deviation);
      });
      expect(one?.mayWin(0)).toBe(true);
      one?.lead();
      return one?.mayWin(1) === false;
    };
    expect([falls(5 / 8 - 1e-9), falls(5 / 8 + 1e-9)]).toEqual([false, true]);
    expect([falls(0), falls(-1), falls(2)]).toEqual([false, false, true]);
    // Without a deviation anything behind is behind, whichever way the variance is rounded.
    for (let lag = 0.01; lag < 1; lag += 0.01) expect(falls(lag, 0)).toBe(true);
    expect(falls(0, 0)).toBe(false);
  });

  it('draws one from each part of the running sum of shares times entropies, spread at every length', () => {
    const M = 4096;
    // Row m holds its number: weights a and 1 - a with a = (M - m) / 2 (M + 1).
    const weightOf = (m: number): number => (M - m) / (2 * (M + 1));
    const shares_M = Float64Array.from({ length: M }, (_, m) => (1 + (m % 3)) / (2 * M));
    const weights_M_K = Float64Array.from({ length: 4 * M }, (_, i) => {
      const a = weightOf(Math.floor(i / 4));
      return [a, 1 - a, 0, 0][i % 4] as number;
    });
    const sums = [0];
    for (let m = 0; m < M; m++) {
      const a = weightOf(m);
      const open = -a * Math.log(a) - (1 - a) * Math.log(1 - a);
      sums.push((sums[m] as number) + (shares_M[m] as number) * open);
    }
    const calls: number[][] = [];
    const drawn: number[] = [];
    const race = configurationRace({ M, shares_M, weights_M_K }, labels, (rows, from, to) => {
      calls.push([from, to]);
      for (let i = from; i < to; i++) {
        drawn.push(M - Math.round((rows[4 * i] as number) * 2 * (M + 1)));
      }
    });
    expect(race?.mayWin(0)).toBe(true);
    expect(calls).toEqual([
      [0, 64],
      [64, 256],
      [256, 1024],
    ]);
    for (const [i, m] of drawn.entries()) {
      // Part i in the order of reversed bits: 0, 512, 256, 768, …
      const part = Number.parseInt([...i.toString(2).padStart(10, '0')].reverse().join(''), 2);
      const unit = (sums[M] as number) / 1024;
      expect(sums[m]).toBeLessThan((part + 1) * unit);
      expect(sums[m + 1]).toBeGreaterThan(part * unit - 1e-12);
    }
  });

  it('is not held for few configurations, or where nothing is open', () => {
    expect(race(252, 0.5)).toBeNull();
    expect(race(256, 0.5)).not.toBeNull();
    const closed = { ...configurations(512, 0), weights_M_K: new Float64Array(2048) };
    closed.weights_M_K.forEach((_, i) => {
      closed.weights_M_K[i] = i % 4 === 0 ? 1 : 0;
    });
    expect(configurationRace(closed, labels, rowInformation(labels))).toBeNull();
  });
});
