import { describe, expect, it } from 'vitest';
import { OF_CLASSES, workOf } from '../../test/registered-heuristics.ts';
import type { PredictionKind, Predictions } from '../predictions/predictions.ts';
import { bald } from './bald.ts';
import { certainty } from './certainty.ts';
import { entropy } from './entropy.ts';
import { margin } from './margin.ts';

const SCORING = OF_CLASSES.filter(([name]) => name !== 'random');
const given = (kind: PredictionKind, rows: readonly (readonly number[])[]): Predictions => ({
  data: Float64Array.from(rows.flat()),
  shape: [1, rows.length, (rows[0] as readonly number[]).length],
  kind,
  samples: 'joint',
  draw: 'given',
});
const pass = (C: number, value: (c: number) => number): number[] =>
  Array.from({ length: C }, (_, c) => value(c));

describe('rounding', () => {
  it('takes no score out of its range: uniform, and certain that disagree', () => {
    for (let C = 2; C <= 64; C++) {
      const uniform = [
        given('logits', new Array(3).fill(pass(C, () => 0.1))),
        given('probabilities', new Array(3).fill(pass(C, () => 1 / C))),
      ];
      for (const predictions of uniform) {
        const [least] = bald().getUncertainties(predictions);
        expect(least).toBeGreaterThanOrEqual(0);
        expect(least).toBeLessThan(1e-13);
        const [most] = entropy().getUncertainties(predictions);
        expect(most).toBeLessThanOrEqual(Math.log(C));
        expect(most).toBeCloseTo(Math.log(C), 13);
      }
      const apart = given(
        'probabilities',
        pass(C, (k) => k).map((k) => pass(C, (c) => Number(c === k))),
      );
      expect(bald().getUncertainties(apart)[0]).toBeLessThanOrEqual(Math.log(C));
      for (const kind of ['sigmoidLogits', 'sigmoidProbabilities'] as const) {
        const even = pass(C, () => (kind === 'sigmoidLogits' ? 0 : 0.5));
        const halves = given(kind, new Array(10).fill(even));
        const [least] = bald().getUncertainties(halves);
        expect(least).toBeGreaterThanOrEqual(0);
        expect(least).toBeLessThan(1e-13);
        expect(entropy().getUncertainties(halves)[0]).toBeLessThanOrEqual(C * Math.LN2);
      }
    }
  });

  // Without the bound, the entropy of five equal probabilities is 2e-16 above ln 5.
  it('gives the bound itself where a sum lies just above it', () => {
    for (const predictions of [
      given('logits', [pass(5, () => 0)]),
      given('probabilities', [pass(5, () => 0.2)]),
    ]) {
      expect(entropy().getUncertainties(predictions)[0]).toBe(Math.log(5));
    }
    const apart = given(
      'probabilities',
      [0, 1, 2, 3, 4].map((k) => pass(5, (c) => Number(c === k))),
    );
    expect(bald().getUncertainties(apart)[0]).toBe(Math.log(5));
  });
});

describe('probabilities that single precision rounded to just above 1', () => {
  // Both ends of what is taken: a float next to 1, and 1 + 1e-6.
  it.each([Math.fround(1 + 6e-8), 1 + 1e-6])('%d is a 1', (above) => {
    for (const [name, heuristic] of OF_CLASSES) {
      for (const kind of ['sigmoidProbabilities', 'probabilities'] as const) {
        const at = (one: number): Predictions =>
          kind === 'probabilities'
            ? given(kind, [
                [one, 0],
                [0.25, 0.75],
              ])
            : given(kind, [
                [one, 0.5],
                [0.25, one],
              ]);
        const [score] = heuristic.getUncertainties(at(above), workOf(at(above)));
        const [exact] = heuristic.getUncertainties(at(1), workOf(at(1)));
        expect(Math.abs((score as number) - (exact as number)), `${name} ${kind}`).toBeLessThan(
          5e-6,
        );
      }
    }
  });

  it('leave certainty and margin in their ranges', () => {
    const high = given('probabilities', [[1 + 1e-6, 0]]);
    expect(certainty().getUncertainties(high)[0]).toBe(0);
    expect(margin().getUncertainties(high)[0]).toBeCloseTo(-1, 5);
    const sigmoid = given('sigmoidProbabilities', [[1 + 1e-6]]);
    expect(certainty().getUncertainties(sigmoid)[0]).toBe(0);
    expect(margin().getUncertainties(sigmoid)[0]).toBe(-1);
  });

  it.each(SCORING)('%s refuses a probability of 1.0009 in a sum that passes', (_, one) => {
    const rows = (first: number): readonly number[][] => [
      [0.5, 0.5],
      [first, 0],
    ];
    const work = workOf(given('probabilities', rows(1)));
    expect(() => one.getUncertainties(given('probabilities', rows(1.0009)), work)).toThrow(
      'item 0 has the value 1.0009, expected probabilities in [0, 1]',
    );
  });

  it.each(SCORING)('%s refuses more, and less than 0', (_, one) => {
    for (const bad of [1 + 2e-6, -1e-9]) {
      const predictions = given('sigmoidProbabilities', [
        [0.5, 0.5],
        [0.5, bad],
      ]);
      const work = workOf(
        given('sigmoidProbabilities', [
          [0.5, 0.5],
          [0.5, 0.5],
        ]),
      );
      expect(() => one.getUncertainties(predictions, work)).toThrow('item 0');
    }
  });
});

describe('logits as far apart as numbers are', () => {
  const far = given('logits', [
    [1e308, -1e308],
    [0, 0],
  ]);
  const near = given('logits', [
    [1, 2],
    [0, 0],
  ]);

  it('are refused with the number of the item where an entropy cannot be told', async () => {
    for (const heuristic of [bald(), entropy()]) {
      await expect(heuristic.getRanks([near, near, far])).rejects.toThrow(
        'the score of item 2 is NaN, expected a number; its logits are too far apart',
      );
    }
  });

  it('are certain where probabilities are enough', () => {
    expect(certainty().getUncertainties(far)[0]).toBe(0.25);
    expect(margin().getUncertainties(far)[0]).toBe(-0.5);
  });
});

describe('a reduction by a function', () => {
  const space: Predictions = {
    data: new Float64Array(16),
    shape: [2, 2, 2, 2],
    kind: 'logits',
    samples: 'joint',
  };
  it.each([undefined, null, '1', Number.NaN])(
    'that returns %j is refused with its item',
    async (value) => {
      let asked = 0;
      const third = () => (++asked === 3 ? (value as number) : 0);
      await expect(bald({ reduction: third }).getRanks([space, space])).rejects.toThrow(
        `bald: the reduction of item 2 returned ${value}, expected a number`,
      );
    },
  );
});
