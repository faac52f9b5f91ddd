import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRng } from '../random/create-rng.ts';
import { samplePredictions } from '../testing/sample-predictions.ts';
import type { BatchSelection } from './heuristic.ts';
import { type JointSelectionOptions, selectJointly } from './joint-selection.ts';
import {
  emptyConfiguration,
  enumerateLabels,
  type LabelConfigurations,
  sampleConfigurations,
} from './label-configurations.ts';
import { type LabelProbabilities, labelProbabilities } from './label-probabilities.ts';
import { paddedRows, rowInformation } from './row-information.ts';

/** Mean over the configurations, and the standard error of a mean of so many, in two passes. */
const gainOf = (labels: LabelProbabilities, given: LabelConfigurations, item: number) => {
  const rows = new Float64Array(paddedRows(given.M));
  rowInformation(labels)(given.weights_M_K, 0, given.M, item, rows);
  const weighted = (f: (value: number) => number): number =>
    given.shares_M.reduce((sum, share, m) => sum + share * f(rows[m] as number), 0);
  const mean = weighted((value) => value);
  const error = Math.sqrt(weighted((value) => (value - mean) ** 2) / (given.M - 1));
  return { gain: Math.max(0, mean), error: given.drawnFrom_M === undefined ? 0 : error };
};

/** Every item that is left looked at in every step, by position; the first of the best. */
const plainGreedy = (
  labels: LabelProbabilities,
  size: number,
  given: (picks: readonly number[]) => LabelConfigurations,
): BatchSelection => {
  const picks: number[] = [];
  const gains: number[] = [];
  const errors: number[] = [];
  while (picks.length < Math.min(size, labels.N)) {
    const configurations = given(picks);
    let best = { item: -1, gain: -1, error: 0 };
    for (let item = 0; item < labels.N; item++) {
      if (picks.includes(item)) continue;
      const own = gainOf(labels, configurations, item);
      if (own.gain > best.gain) best = { item, ...own };
    }
    picks.push(best.item);
    gains.push(best.gain);
    errors.push(best.error);
  }
  return {
    picks: Uint32Array.from(picks),
    gains: Float64Array.from(gains),
    standardErrors: Float64Array.from(errors),
  };
};

const enumerated =
  (labels: LabelProbabilities) =>
  (picks: readonly number[]): LabelConfigurations =>
    picks.reduce(
      (before, item) => enumerateLabels(before, labels, item),
      emptyConfiguration(labels.K),
    );
const all: JointSelectionOptions = {
  batchSize: 5,
  maxConfigurations: 1e6,
  samples: 2,
  rng: () => {
    throw new Error('nothing to be drawn');
  },
};

/** Yes or no, of eight posterior samples: what they say, and with which probability of an error. */
const says = (answers: string, error: number): number[] =>
  [...answers].flatMap((yes) => (yes === '1' ? [error, 1 - error] : [1 - error, error]));
/** Three independent questions, the same ones with yes for no, and two that depend on them. */
const ANSWERS = [
  '00001111',
  '00110011',
  '01010101',
  '11110000',
  '11001100',
  '10101010',
  '01101001',
  '00000001',
];
/** Certain and noisy answers, and idle ones: gains tie exactly, or but for rounding. */
const KINDS = [
  ...[0.1, 0.2, 0].flatMap((error) => ANSWERS.map((answers) => says(answers, error))),
  says('00000000', 0.5),
  says('11111111', 0.3),
  says('11111111', 0),
];
const questions = (kinds: readonly number[]): LabelProbabilities =>
  labelProbabilities('test', {
    data: Float64Array.from(kinds.flatMap((kind) => KINDS[kind] as number[])),
    shape: [kinds.length, 8, 2],
    kind: 'probabilities',
    samples: 'joint',
  });

describe('selectJointly', () => {
  it('picks what greedy without bounds picks, to the last bit, ties and duplicates too', () => {
    const pool = fc.array(fc.nat(KINDS.length - 1), { minLength: 1, maxLength: 10 });
    fc.assert(
      fc.property(pool, fc.integer({ min: 1, max: 5 }), (kinds, batchSize) => {
        const labels = questions(kinds);
        const batch = selectJointly(labels, { ...all, batchSize });
        expect(batch).toEqual(plainGreedy(labels, batchSize, enumerated(labels)));
      }),
      { numRuns: 500 },
    );
    for (let seed = 0; seed < 30; seed++) {
      const labels = labelProbabilities('test', samplePredictions('logits', [12, 5, 3], seed));
      expect(selectJointly(labels, all)).toEqual(plainGreedy(labels, 5, enumerated(labels)));
    }
  });

  it('samples the gains and standard errors that its configurations have', () => {
    const check = (labels: LabelProbabilities, seed: number, samples: number): void => {
      const rng = () => createRng(seed);
      const batch = selectJointly(labels, { batchSize: 4, maxConfigurations: 1, samples, rng });
      // Each step is drawn anew from the start of the stream: the numbers are the same.
      const given = (picks: readonly number[]): LabelConfigurations =>
        picks.length === 0
          ? emptyConfiguration(labels.K)
          : sampleConfigurations(labels, picks, samples, rng());
      for (const [b, pick] of batch.picks.entries()) {
        const { gain, error } = gainOf(labels, given([...batch.picks.subarray(0, b)]), pick);
        expect(batch.gains[b]).toBe(gain);
        // The root of a rounding error is large.
        expect(Math.abs((batch.standardErrors[b] as number) - error)).toBeLessThan(1e-7);
      }
      expect(batch.picks).toEqual(plainGreedy(labels, 4, given).picks);
    };
    for (let seed = 0; seed < 20; seed++) {
      const own = samplePredictions('logits', [12, 6, 3], seed);
      check(labelProbabilities('test', own), seed, 100);
      // Independent questions: every configuration tells the same, up to rounding.
      check(questions([1, 0, 24, 25]), seed, 50 + seed);
      check(questions([16, 17, 18]), seed, 50 + 8 * seed);
    }
  });
});
