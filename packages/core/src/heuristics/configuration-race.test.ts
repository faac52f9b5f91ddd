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
