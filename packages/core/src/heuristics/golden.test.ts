import { describe, expect, it } from 'vitest';
import { type Expectation, firstFar, type GoldenCase, readGolden } from '../../test/golden.ts';
import { ConfigError, NumericalError, ShapeError } from '../errors.ts';
import { bayesianModelAverage } from '../predictions/bayesian-model-average.ts';
import { asChunks } from '../predictions/chunks.ts';
import { fromBaalArray } from '../predictions/from-baal-array.ts';
import type { Predictions } from '../predictions/predictions.ts';
import { takeItems } from '../testing/sample-predictions.ts';
import { bald } from './bald.ts';
import { batchBald } from './batch-bald.ts';
import { certainty } from './certainty.ts';
import { combineHeuristics } from './combine-heuristics.ts';
import { entropy } from './entropy.ts';
import { epig } from './epig.ts';
import { getHeuristic } from './get-heuristic.ts';
import type { Heuristic } from './heuristic.ts';
import type { Reduction } from './reduction.ts';
import { variance } from './variance.ts';

const golden = readGolden('heuristics');
const PLAIN = ['BALD', 'Entropy', 'Margin', 'Certainty', 'Variance'];
const cases = golden.cases.filter(({ call }) => PLAIN.includes(call.class as string));

/** Cases whose passes are averaged first by the reference, and in ours after the softmax. */
const averages = ({ call }: GoldenCase): boolean =>
  call.class !== 'BALD' && call.class !== 'Variance';
/** Margin and certainty of the reference say how certain it is, lowest first. */
const isReversed = ({ call }: GoldenCase): boolean =>
  call.class === 'Margin' || call.class === 'Certainty';

/** Cases of one sigmoid output: Baal leaves out the class 0, ours are binary problems. */
const isBinary = ({ file }: GoldenCase): boolean => file?.startsWith('binary') ?? false;
/** Cases with a NaN or an infinity. */
const isBroken = ({ file }: GoldenCase): boolean => /^(nan|inf)_/.test(file ?? '');
/** Cases without an axis of passes. */
const isSingle = ({ file }: GoldenCase): boolean => file?.startsWith('single') ?? false;
/** Cases of what the reference refuses whatever the numbers. */
const isError = ({ id }: GoldenCase): boolean => id.startsWith('errors/');
const of = (prefix: string): GoldenCase[] => golden.cases.filter(({ id }) => id.startsWith(prefix));
/** Cases of one pass, where Baal's BALD is 0 and ours is refused. */
const isOnePass = ({ file, call }: GoldenCase): boolean =>
  !averages({ call } as GoldenCase) && (file?.startsWith('t1') ?? false);

/** The highest certainty of an item is its lowest uncertainty. */
const OPPOSITE: Readonly<Record<string, Reduction>> = { max: 'min', min: 'max' };

const heuristicOf = (one: GoldenCase): Heuristic => {
  const reduction = one.call.params?.reduction as Reduction;
  const opposite = isReversed(one) ? OPPOSITE[reduction as string] : undefined;
  return getHeuristic((one.call.class as string).toLowerCase(), {
    reduction: opposite ?? reduction,
  });
};

/** The reference scores as ours: minus the margin, 1 minus the certainty of every position. */
const asOurs = (one: GoldenCase, reference: Float64Array): Float64Array => {
  if (!isReversed(one)) return reference;
  if (one.call.class === 'Margin') return reference.map((score) => -score);
  const positions = one.inputs === undefined ? 1 : arrayOf(one).shape.slice(2, -1);
  const R = [positions].flat().reduce((a, b) => a * b, 1);
  const terms = one.call.params?.reduction === 'sum' ? R : 1;
  return reference.map((score) => terms - score);
};

const arrayOf = ({ file, inputs }: GoldenCase): { data: Float64Array; shape: readonly number[] } =>
  golden.tensor(file, inputs?.predictions as string) as {
    data: Float64Array;
    shape: readonly number[];
  };

const predictionsOf = (one: GoldenCase): Predictions =>
  fromBaalArray(arrayOf(one).data, arrayOf(one).shape);

/** The chunks of a streamed case, each imported alone as Baal does. */
const chunksOf = (one: GoldenCase): Predictions[] => {
  const { data, shape } = arrayOf(one);
  const perItem = data.length / (shape[0] as number);
  let start = 0;
  return (one.call as { chunks: number[] }).chunks.map((n) => {
    const part = data.subarray(start * perItem, (start + n) * perItem);
    start += n;
    return fromBaalArray(part, [n, ...shape.slice(1)]);
  });
};

/** A ranking sorts scores up to their tolerance: no score is followed by a clearly higher one. */
const isSorted = (
  ranks: ArrayLike<number>,
  scores: ArrayLike<number>,
  { rtol = 0, atol = 0 }: Expectation,
): boolean =>
  Array.from(ranks).every((rank, i) => {
    const next =
      i + 1 < ranks.length ? (scores[ranks[i + 1] as number] as number) : Number.NEGATIVE_INFINITY;
    return next <= (scores[rank] as number) + 2 * (atol + rtol * Math.abs(next));
  });

/**
 * The mean over the passes as the only pass. Baal's Entropy averages logits before the softmax, so
 * its number for what it detects as logits is ours for the mean logits.
 */
const averagePasses = (predictions: Predictions): Predictions => {
  const { data, shape } = bayesianModelAverage({ ...predictions, kind: 'values' });
  return { ...predictions, data, shape: [shape[0] as number, 1, ...shape.slice(1)] };
};

/** Certainty of the reference is the highest mean of whatever it is given: here, of logits. */
const comparesLogits = (one: GoldenCase): boolean =>
  one.call.class === 'Certainty' &&
  /logit/.test(one.file) &&
  !('scores_softmax_per_pass' in one.expected);

async function checkAgainst(
  one: GoldenCase,
  key: 'scores' | 'scores_softmax_per_pass',
): Promise<void> {
  const heuristic = heuristicOf(one);
  const expected = one.expected[key] as Expectation;
  const reference = asOurs(one, golden.tensor(one.file, expected.tensor).data as Float64Array);
  const streamed = 'chunks' in one.call;
  const imported = streamed ? chunksOf(one) : [predictionsOf(one)];
  const logitsFirst = one.match === 'import' && averages(one);
  const chunks = logitsFirst ? imported.map(averagePasses) : imported;
  const scores = streamed
    ? await heuristic.getUncertaintiesGenerator(chunks)
    : heuristic.getUncertainties(chunks[0] as Predictions);
  expect(firstFar(scores, reference, expected)).toBeNull();
  if ('ranks_error' in one.expected) {
    await expect(heuristic.getRanks(chunks)).rejects.toThrow(ShapeError);
    return;
  }
  const { ranks } = await heuristic.getRanks(chunks);
  const wanted = one.expected.ranks as Expectation;
  if (key === 'scores' && wanted.compare === 'exact') {
    expect(
      firstFar(ranks, golden.tensor(one.file, wanted.tensor).data as BigInt64Array, {}),
    ).toBeNull();
  } else {
    expect(new Set(ranks).size).toBe(reference.length);
    expect(isSorted(ranks, reference, expected)).toBe(true);
  }
}

describe('equal to the reference', () => {
  const equal = cases.filter(
    (one) =>
      ['ours', 'import'].includes(one.match) &&
      !isBinary(one) &&
      !isOnePass(one) &&
      !comparesLogits(one),
  );
  it('has cases', () => expect(equal.length).toBeGreaterThan(90));
  it.each(equal)('$match: $id', (one) => checkAgainst(one, 'scores'));

  const perPass = cases.filter(
    (one) => one.match === 'per_pass' && !isBinary(one) && !comparesLogits(one),
  );
  it.each(perPass)('softmax in every pass: $id', (one) => {
    // With one pass the order of mean and softmax is all the same: the reference holds one number.
    const key = 'scores_softmax_per_pass';
    return checkAgainst(one, key in one.expected ? key : 'scores');
  });
});

describe('certainty compares probabilities, also where the reference compares raw logits', () => {
  it.each(cases.filter((one) => comparesLogits(one) && !isBinary(one) && !isBroken(one)))(
    '$id',
    (one) => {
      const { data, shape } = arrayOf(one);
      const array = shape.length === 2 ? [...shape, 1] : shape;
      const predictions = fromBaalArray(data, array);
      const highest = (of: { readonly data: ArrayLike<number> }, C: number): Float64Array =>
        Float64Array.from({ length: of.data.length / C }, (_, n) =>
          Math.max(...Array.from({ length: C }, (_, c) => of.data[n * C + c] as number)),
        );
      const C = shape[1] as number;
      const expected = one.expected.scores as Expectation;
      const raw = highest(bayesianModelAverage({ ...predictions, kind: 'values' }), C);
      expect(
        firstFar(raw, golden.tensor(one.file, expected.tensor).data as Float64Array, expected),
      ).toBeNull();
      const ours = highest(bayesianModelAverage(predictions), C).map((p) => 1 - p);
      expect(firstFar(certainty().getUncertainties(predictions), ours, { atol: 1e-15 })).toBeNull();
    },
  );
});

describe('one pass', () => {
  it.each(cases.filter(isOnePass))(
    '$id is refused, and given twice it is the 0 of the reference',
    (one) => {
      const predictions = predictionsOf(one);
      expect(() => bald().getUncertainties(predictions)).toThrow('expected at least 2');
      const C = predictions.shape[2] as number;
      const N = predictions.shape[0] as number;
      const rows = Array.from({ length: N }, (_, n) =>
        Array.from(predictions.data.subarray(n * C, (n + 1) * C)),
      );
      const twice = {
        ...predictions,
        data: Float64Array.from(rows.flatMap((row) => [...row, ...row])),
        shape: [N, 2, C],
      };
      const expected = one.expected.scores as Expectation;
      expect(
        firstFar(
          bald().getUncertainties(twice),
          golden.tensor(one.file, expected.tensor).data as Float64Array,
          expected,
        ),
      ).toBeNull();
    },
  );

  const single = cases.filter(isSingle);
  it.each(single)(
    '$id has no axis of passes and is refused; with one, averages are those of the reference',
    (one) => {
      const { data, shape } = arrayOf(one);
      expect(() => fromBaalArray(data, shape)).toThrow('append an axis of length 1');
      const predictions = fromBaalArray(data, [...shape, 1]);
      if (!averages(one)) {
        expect(() => heuristicOf(one).getUncertainties(predictions)).toThrow(RangeError);
        return;
      }
      const expected = one.expected.scores as Expectation;
      const reference = asOurs(one, golden.tensor(one.file, expected.tensor).data as Float64Array);
      const scores = heuristicOf(one).getUncertainties(predictions);
      if (!comparesLogits(one)) expect(firstFar(scores, reference, expected)).toBeNull();
    },
  );
});

describe('values that are not finite are errors', () => {
  const broken = cases.filter(isBroken);
  it.each(broken)('$id', (one) => {
    const { data, shape } = arrayOf(one);
    expect(() => fromBaalArray(data, shape)).toThrow(NumericalError);
    // Past the importer, the heuristic refuses them too, and sound items score as they do alone.
    const clean = fromBaalArray(
      data.map((x) => (Number.isFinite(x) ? x : 0)),
      shape,
      { kind: 'logits' },
    );
    const perItem = data.length / (shape[0] as number);
    const first = Math.floor(data.findIndex((x) => !Number.isFinite(x)) / perItem);
    const values = clean.data.slice();
    values[first * perItem] = Number.NaN;
    expect(() => heuristicOf(one).getUncertainties({ ...clean, data: values })).toThrow(
      `item ${first} `,
    );
    const other = first === 0 ? 1 : 0;
    const alone = heuristicOf(one).getUncertainties(takeItems(clean, [other]));
    const all = heuristicOf(one).getUncertainties(clean);
    expect(alone).toEqual(all.slice(other * alone.length, (other + 1) * alone.length));
  });
});

it('leaves out no case: the others are in the files of what they are about', () => {
  const here = (one: GoldenCase): boolean =>
    ['ours', 'import', 'per_pass'].includes(one.match) || isBroken(one) || isSingle(one);
  const elsewhere: Readonly<Record<string, number>> = {
    'batch-bald': of('batchbald/').length,
    'combine-heuristics': of('combine/').length,
    epig: of('epig/').length,
    'from-baal-array': of('to_prob/').length,
    'golden-one-output': of('binary_').length + of('precomputed/').length,
    heuristics: of('random').length,
    sampling: of('stochastic/').length,
  };
  expect(elsewhere).toEqual({
    'batch-bald': 4,
    'combine-heuristics': 20,
    epig: 5,
    'from-baal-array': 8,
    'golden-one-output': 11,
    heuristics: 1,
    sampling: 111,
  });
  const plain = cases.filter((one) => !isBinary(one) && !isError(one));
  expect(plain.filter((one) => !here(one)).map(({ id }) => id)).toEqual([]);
  const count = Object.values(elsewhere).reduce((a, b) => a + b);
  expect(plain.length + of('errors/').length + count).toBe(golden.cases.length);
  expect(golden.cases.length).toBe(511);
});

describe('errors of the reference are errors', () => {
  const zeros: Predictions = {
    data: new Float64Array(240),
    shape: [4, 5, 3, 2, 2],
    kind: 'logits',
    samples: 'joint',
  };
  const joint: Predictions = {
    data: new Float64Array(60),
    shape: [4, 5, 3],
    kind: 'logits',
    samples: 'joint',
    draw: 'zeros',
  };
  const mixed = (options: object): Heuristic =>
    combineHeuristics(
      [
        { heuristic: bald(), weight: 1 },
        { heuristic: certainty(), weight: 1 },
      ],
      options,
    );
  const checks: Readonly<Record<string, () => void | Promise<void>>> = {
    'errors/list_of_two': () => expect(bald().getRanks([zeros, zeros])).rejects.toThrow(ShapeError),
    // A list is a stream of chunks here: one of one chunk is fine.
    'errors/list_of_one_is_fine': async () => {
      const whole = await bald({ reduction: 'sum' }).getRanks(zeros);
      expect(await bald({ reduction: 'sum' }).getRanks([zeros])).toEqual(whole);
    },
    'errors/empty_generator': () => expect(bald().getRanks([])).rejects.toThrow('no predictions'),
    'errors/rank_unreduced': () =>
      expect(entropy().getRanks(zeros)).rejects.toThrow(
        "reduction 'none' leaves 16 scores for 4 items",
      ),
    'errors/unknown_reduction': () =>
      expect(() => bald({ reduction: 'whatever' as Reduction })).toThrow(ConfigError),
    'errors/variance_none': () =>
      expect(() => variance({ reduction: 'none' })).toThrow(ConfigError),
    // A stream is collected: what the reference cannot do, ours does.
    'errors/batchbald_generator': async () => {
      const whole = await batchBald().getRanks(joint, { querySize: 2 });
      expect(await batchBald().getRanks(asChunks(joint, 2), { querySize: 2 })).toEqual(whole);
    },
    'errors/batchbald_seg': () =>
      expect(batchBald({ batchSize: 2 }).getRanks(zeros)).rejects.toThrow(ShapeError),
    'errors/epig_no_target': () => expect(epig().getRanks(joint)).rejects.toThrow('no targets'),
    'errors/epig_seg': () =>
      expect(epig().getRanks({ ...zeros, draw: 'zeros' }, { targets: joint })).rejects.toThrow(
        ShapeError,
      ),
    // All say higher = sooner, so no two have opposite directions.
    'errors/combine_mixed_direction': async () => {
      const [one, other] = [await bald().getRanks(joint), await certainty().getRanks(joint)];
      const { scores } = await mixed({}).getRanks(joint);
      // Equal weights are divided by their sum, and the mean of two terms halves once more.
      scores.forEach((score, i) => {
        const sum = (one.scores[i] as number) + (other.scores[i] as number);
        expect(score).toBeCloseTo(sum / 4, 12);
      });
    },
    'errors/combine_reduction_none': () =>
      expect(() => mixed({ reduction: 'none' })).toThrow(ConfigError),
    'errors/bald_2d': () =>
      expect(() => bald().getUncertainties({ ...zeros, shape: [4, 60] })).toThrow(ShapeError),
  };
  const errors = golden.cases.filter(isError);
  it.each(errors)('$id', ({ id }) => checks[id]?.());
  it('covers them', () => {
    expect(errors.map(({ id }) => id).sort()).toEqual(Object.keys(checks).sort());
  });
});
