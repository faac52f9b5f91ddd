import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arbitraryPredictions, PROBABILISTIC } from '../../test/arbitrary-predictions.ts';
import { ConfigError, NumericalError } from '../errors.ts';
import { ece } from '../metrics/ece.ts';
import { bayesianModelAverage } from '../predictions/bayesian-model-average.ts';
import { checkPredictions } from '../predictions/check-predictions.ts';
import type { Predictions } from '../predictions/predictions.ts';
import { toProbabilities } from '../predictions/to-probabilities.ts';
import { createRng } from '../random/create-rng.ts';
import { sampleFeatures, samplePredictions } from '../testing/sample-predictions.ts';
import { bald } from './bald.ts';
import { batchBald } from './batch-bald.ts';
import { coldStart } from './cold-start.ts';
import { combineHeuristics } from './combine-heuristics.ts';
import { badge } from './diversity/badge.ts';
import { coreSet } from './diversity/core-set.ts';
import { maxDet } from './diversity/max-det.ts';
import { probCover } from './diversity/prob-cover.ts';
import { typiClust } from './diversity/typi-clust.ts';
import { entropy } from './entropy.ts';
import {
  type GetHeuristicOptions,
  getHeuristic,
  HEURISTIC_DEFAULTS,
  HEURISTIC_NAMES,
  type HeuristicConfig,
  heuristicOptions,
  PLAIN_HEURISTIC_NAMES,
} from './get-heuristic.ts';
import { gibbsSampling } from './gibbs-sampling.ts';
import type { Heuristic } from './heuristic.ts';
import { margin } from './margin.ts';
import { powerBald, powerSampling } from './power-sampling.ts';
import { random } from './random.ts';
import { rankBasedSampling } from './rank-based-sampling.ts';
import { rankScores } from './rank-scores.ts';
import { subsample } from './subsample.ts';
import { variance } from './variance.ts';

const TOLERANCE = 1e-11;
const h = (p: number): number => (p > 0 ? -p * Math.log(p) : 0);
const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** Straight from the definitions, on probabilities, one position at a time. */
const naive = (predictions: Predictions): { bald: number; entropy: number }[] => {
  const { N, K, C, R } = checkPredictions('naive', predictions);
  const { data, kind } = toProbabilities(predictions);
  const sigmoid = kind === 'sigmoidProbabilities';
  return Array.from({ length: N * R }, (_, position) => {
    const [n, r] = [Math.floor(position / R), position % R];
    const passes = Array.from({ length: K }, (_, k) =>
      Array.from({ length: C }, (_, c) => data[((n * K + k) * C + c) * R + r] as number),
    );
    const H = (p: readonly number[]): number =>
      sum(p.map((x) => (sigmoid ? h(x) + h(1 - x) : h(x))));
    const mean = Array.from({ length: C }, (_, c) => sum(passes.map((p) => p[c] as number)) / K);
    return { entropy: H(mean), bald: H(mean) - sum(passes.map(H)) / K };
  });
};

/** Sound predictions with permuted passes or classes. */
const permute = (predictions: Predictions, axis: 1 | 2): Predictions => {
  const { N, K, C, R } = checkPredictions('test', predictions);
  const data = predictions.data.slice();
  let at = 0;
  for (let n = 0; n < N; n++) {
    for (let k = 0; k < K; k++) {
      for (let c = 0; c < C; c++) {
        const [fromK, fromC] = axis === 1 ? [(k + 1) % K, c] : [k, C - 1 - c];
        for (let r = 0; r < R; r++)
          data[at++] = predictions.data[((n * K + fromK) * C + fromC) * R + r] as number;
      }
    }
  }
  return { ...predictions, data };
};

describe('bald and entropy', () => {
  const sound = arbitraryPredictions(PROBABILISTIC, { minK: 2 });

  it('are their definitions, on every kind', () => {
    fc.assert(
      fc.property(sound, (predictions) => {
        const expected = naive(predictions);
        // Given probabilities are rounded to sum to 1; entropy divides by that sum.
        const single = predictions.data instanceof Float32Array ? 1e-5 : TOLERANCE;
        bald()
          .getUncertainties(predictions)
          .forEach((score, i) => {
            expect(Math.abs(score - (expected[i]?.bald as number))).toBeLessThan(TOLERANCE);
          });
        entropy()
          .getUncertainties(predictions)
          .forEach((score, i) => {
            expect(Math.abs(score - (expected[i]?.entropy as number))).toBeLessThan(single);
          });
      }),
    );
  });

  it('stay in their range: 0 <= bald <= entropy <= ln C, and bald <= ln K for one problem', () => {
    fc.assert(
      fc.property(sound, (predictions) => {
        const { K, C } = checkPredictions('test', predictions);
        const binary = predictions.kind.startsWith('sigmoid');
        const single =
          predictions.data instanceof Float32Array && predictions.kind === 'probabilities';
        const upper = binary ? C * Math.LN2 : Math.log(C);
        const slack = single ? 1e-5 : TOLERANCE;
        const H = entropy().getUncertainties(predictions);
        bald()
          .getUncertainties(predictions)
          .forEach((score, i) => {
            expect(score).toBeGreaterThanOrEqual(0);
            expect(H[i]).toBeLessThanOrEqual(upper);
            expect(score).toBeLessThanOrEqual((H[i] as number) + slack);
            if (!binary || C === 1) expect(score).toBeLessThanOrEqual(Math.log(K) + slack);
          });
      }),
    );
  });

  it('do not depend on the order of passes and classes', () => {
    fc.assert(
      fc.property(sound, fc.constantFrom<1 | 2>(1, 2), (predictions, axis) => {
        for (const heuristic of [bald(), entropy()]) {
          const moved = heuristic.getUncertainties(permute(predictions, axis));
          heuristic.getUncertainties(predictions).forEach((score, i) => {
            expect(Math.abs(score - (moved[i] as number))).toBeLessThan(TOLERANCE);
          });
        }
      }),
    );
  });

  it('bald is 0 for identical passes', () => {
    fc.assert(
      fc.property(
        arbitraryPredictions(PROBABILISTIC, { minK: 1 }),
        fc.integer({ min: 2, max: 30 }),
        (predictions, K) => {
          const { N, K: had, C, R } = checkPredictions('test', predictions);
          const size = C * R;
          const first = Array.from({ length: N }, (_, n) =>
            Array.from(predictions.data.subarray(n * had * size, n * had * size + size)),
          );
          const data = Float64Array.from(
            first.flatMap((pass) => Array.from({ length: K }, () => pass).flat()),
          );
          const scores = bald().getUncertainties({
            ...predictions,
            data,
            shape: [N, K, ...predictions.shape.slice(2)],
          });
          for (const score of scores) expect(score).toBeLessThan(TOLERANCE);
        },
      ),
    );
  });

  it('bald is ln C for C certain passes that all disagree, entropy too; bald is 0 for uniform ones', () => {
    for (const C of [2, 3, 10]) {
      const data = Float64Array.from({ length: C * C }, (_, i) => (i % (C + 1) === 0 ? 1 : 0));
      const certain: Predictions = {
        data,
        shape: [1, C, C],
        kind: 'probabilities',
        samples: 'joint',
      };
      expect(bald().getUncertainties(certain)[0]).toBeCloseTo(Math.log(C), 15);
      expect(bald().getUncertainties(certain)[0]).toBeLessThanOrEqual(Math.log(C));
      expect(
        bald().getUncertainties({ ...certain, data: data.map((p) => 1e4 * p), kind: 'logits' })[0],
      ).toBeCloseTo(Math.log(C), 15);
      const flat: Predictions = { ...certain, data: data.map(() => 0), kind: 'logits' };
      expect(bald().getUncertainties(flat)[0]).toBe(0);
      expect(entropy().getUncertainties(flat)[0]).toBeCloseTo(Math.log(C), 15);
    }
  });

  it('one sigmoid output: two certain passes that disagree have ln 2, not half of it', () => {
    const one: Predictions = {
      data: Float64Array.of(0, 1),
      shape: [1, 2, 1],
      kind: 'sigmoidProbabilities',
      samples: 'joint',
    };
    expect(bald().getUncertainties(one)[0]).toBeCloseTo(Math.LN2, 15);
    const logits: Predictions = { ...one, data: Float64Array.of(-900, 900), kind: 'sigmoidLogits' };
    expect(bald().getUncertainties(logits)[0]).toBeCloseTo(Math.LN2, 15);
    expect(entropy().getUncertainties({ ...one, data: Float64Array.of(1, 1) })[0]).toBe(0);
  });

  it('sigmoid outputs add up, each a binary problem', () => {
    const data = Float64Array.of(0.1, 0.8, 0.3, 0.6);
    const both: Predictions = {
      data,
      shape: [1, 2, 2],
      kind: 'sigmoidProbabilities',
      samples: 'joint',
    };
    const own = (a: number, b: number): number =>
      bald().getUncertainties({
        ...both,
        data: Float64Array.of(a, b),
        shape: [1, 2, 1],
      })[0] as number;
    expect(bald().getUncertainties(both)[0]).toBeCloseTo(own(0.1, 0.3) + own(0.8, 0.6), 14);
  });

  it('tell the number of an item in a long stream, for probabilities that do not sum to 1 too', async () => {
    const good: Predictions = {
      data: Float64Array.of(0.5, 0.5, 0.5, 0.5),
      shape: [1, 2, 2],
      kind: 'probabilities',
      samples: 'joint',
    };
    for (const values of [
      [0.9, 0.9, 0.1, 0.1],
      [1.2, -0.2, 0.5, 0.5],
      [Number.NaN, 1, 0.5, 0.5],
    ]) {
      const bad = { ...good, data: Float64Array.from(values) };
      for (const heuristic of [bald(), entropy()]) {
        await expect(heuristic.getRanks([good, good, bad])).rejects.toThrow(NumericalError);
        await expect(heuristic.getRanks([good, good, bad])).rejects.toThrow('item 2');
      }
    }
    const sigmoid = {
      ...good,
      kind: 'sigmoidProbabilities',
      data: Float64Array.of(0.5, 1.1, 0.5, 0.5),
    } as const;
    expect(() => bald().getUncertainties(sigmoid)).toThrow('item 0 has the value 1.1');
    expect(() => entropy().getUncertainties(sigmoid)).toThrow('item 0 has the value 1.1');
  });

  it('take chunks of different kinds and passes: every chunk says what it is', async () => {
    const logits: Predictions = {
      data: Float64Array.of(0, 1, 2, 0),
      shape: [1, 2, 2],
      kind: 'logits',
      samples: 'joint',
    };
    const scores = await bald().getUncertaintiesGenerator([logits, toProbabilities(logits)]);
    expect(scores[1]).toBeCloseTo(scores[0] as number, 14);
  });

  it('refuse a reduction that returns no number, and an empty axis', () => {
    const space: Predictions = {
      data: new Float64Array(8),
      shape: [2, 2, 2, 1],
      kind: 'logits',
      samples: 'joint',
    };
    expect(() => bald({ reduction: () => Number.NaN }).getUncertainties(space)).toThrow(
      'the reduction of item 0 returned NaN',
    );
    const empty = { ...space, data: new Float64Array(0), shape: [2, 2, 2, 0] };
    expect(() => bald({ reduction: 'mean' }).getUncertainties(empty)).toThrow(
      'at least 1 position',
    );
  });
});

describe('published values', () => {
  // L[n,c,k] = 2 sin(1 + 3n + 5c + 7k); values of the Python library, reproduced with NumPy.
  const [N, K, C] = [4, 5, 3];
  const data = Float64Array.from({ length: N * K * C }, (_, i) => {
    const [n, k, c] = [Math.floor(i / (K * C)), Math.floor(i / C) % K, i % C];
    return 2 * Math.sin(1 + 3 * n + 5 * c + 7 * k);
  });
  const logits: Predictions = { data, shape: [N, K, C], kind: 'logits', samples: 'joint' };

  it.each([
    [bald(), [0.3605261779, 0.3309067041, 0.3164961922, 0.2898900667], [0, 1, 2, 3]],
    [entropy(), [1.0638955207, 0.943105946, 1.0106123873, 0.9402197294], [0, 2, 1, 3]],
  ])('$name', async (heuristic, scores, ranks) => {
    for (const predictions of [logits, toProbabilities(logits)]) {
      const ranking = await heuristic.getRanks(predictions);
      scores.forEach((score, i) => {
        expect(ranking.scores[i]).toBeCloseTo(score, 9);
      });
      expect([...ranking.ranks]).toEqual(ranks);
    }
  });

  it('ece of the average, up to the clipping of the reference', () => {
    const metric = ece({ bins: 10 });
    metric.update({
      ...bayesianModelAverage(logits),
      kind: 'probabilities',
      targets: [0, 1, 2, 0],
    });
    expect(metric.value()).toBeCloseTo(0.313970484402, 9);
  });
});

describe('random', () => {
  const stub: Predictions = {
    data: new Float32Array(0),
    shape: [20_000, 0, 0],
    kind: 'values',
    samples: 'joint',
  };

  it('reads the number of items alone', () => {
    const scores = random().getUncertainties(stub, { rng: createRng(0) });
    expect(scores.length).toBe(20_000);
    expect(random().needsPredictions).toBe(false);
  });

  it('is uniform, and puts every item first equally often (false alarm 6e-7)', async () => {
    const scores = random().getUncertainties(stub, { rng: createRng(1) });
    const mean = scores.reduce((a, b) => a + b) / scores.length;
    expect(Math.abs(mean - 0.5)).toBeLessThan(5 * Math.sqrt(1 / 12 / 20_000));
    const firsts = [0, 0, 0, 0];
    for (let seed = 0; seed < 4000; seed++) {
      const { ranks } = await random().getRanks(
        { ...stub, shape: [4, 0, 0] },
        { rng: createRng(seed) },
      );
      firsts[ranks[0] as number] = (firsts[ranks[0] as number] as number) + 1;
    }
    for (const first of firsts) expect(Math.abs(first - 1000)).toBeLessThan(5 * Math.sqrt(750));
  });
});

describe('rankScores', () => {
  it('is stable: highest first, ties to the lowest position', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.constantFrom(0, -0, 1, -1, 0.5, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
        ),
        (values) => {
          const scores = Float64Array.from(values);
          const { ranks, scores: same } = rankScores(scores);
          expect(same).toBe(scores);
          expect([...ranks].sort((a, b) => a - b)).toEqual([...values.keys()]);
          for (let i = 1; i < ranks.length; i++) {
            const [a, b] = [ranks[i - 1] as number, ranks[i] as number];
            const [x, y] = [values[a] as number, values[b] as number];
            expect(x > y || (x === y && a < b)).toBe(true);
          }
        },
      ),
    );
  });

  it('refuses NaN with its item', () => {
    expect(() => rankScores(Float64Array.of(1, Number.NaN))).toThrow('item 1 is NaN');
  });
});

describe('getHeuristic', () => {
  it('knows every name, and passes the reduction on', () => {
    const needed: Readonly<Record<string, GetHeuristicOptions>> = {
      precomputed: { direction: 'lowest' },
      subsample: { size: 5 },
      combine: { heuristics: [{ heuristic: 'bald', weight: 1 }] },
      coldStart: { until: { labels: 20 } },
    };
    const aliases: Readonly<Record<string, string>> = { leastConfidence: 'certainty' };
    for (const name of HEURISTIC_NAMES)
      expect(getHeuristic(name, needed[name]).name).toBe(aliases[name] ?? name);
    expect(() => getHeuristic('bald', { reduction: 'median' as 'mean' })).toThrow(
      'there is no reduction "median"',
    );
  });

  it('makes every plain one of its name alone, which ranks what the pool and the model give', async () => {
    const predictions = samplePredictions('logits', [8, 4, 3], 'plain');
    const options = {
      rng: createRng('plain'),
      querySize: 3,
      features: sampleFeatures(8),
      labelled: sampleFeatures([8, 9]),
      nLabelled: 2,
    };
    for (const name of PLAIN_HEURISTIC_NAMES) {
      const { ranks } = await getHeuristic(name).getRanks(predictions, options);
      expect([...ranks].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    }
    for (const name of HEURISTIC_NAMES.filter((one) => !PLAIN_HEURISTIC_NAMES.includes(one))) {
      await expect(async () => getHeuristic(name).getRanks(predictions, options)).rejects.toThrow(
        'expected',
      );
    }
  });

  it('tells the options of each: all that it takes, and those that it cannot do without', () => {
    expect(heuristicOptions('powerBald')).toEqual({
      options: ['temperature', 'reduction'],
      required: [],
    });
    for (const name of HEURISTIC_NAMES) {
      const { options, required } = heuristicOptions(name);
      expect(options).toEqual(expect.arrayContaining([...required]));
      expect(() => getHeuristic(name, { nonsense: 1 } as object)).toThrow(
        `no option "nonsense", expected ${options.join(', ') || 'none'}`,
      );
      const make = (): unknown => getHeuristic(name);
      if (required.length === 0) expect(make).not.toThrow();
      else expect(make).toThrow('expected');
    }
    expect(() => heuristicOptions('bld')).toThrow('did you mean "bald"?');
  });

  it('falls back to the heuristics that are exported as its defaults', async () => {
    const predictions = samplePredictions('logits', [9, 4, 3], 'defaults');
    const { base, first } = HEURISTIC_DEFAULTS;
    const options: Readonly<Record<string, GetHeuristicOptions>> = {
      coldStart: { until: { labels: 20 } },
      subsample: { size: 5 },
    };
    const work = { features: sampleFeatures(9), labelled: sampleFeatures([9]), querySize: 2 };
    for (const kind of HEURISTIC_NAMES) {
      const own = heuristicOptions(kind).options;
      if (!own.includes('base')) continue;
      const said = { base, ...(own.includes('first') && { first }), ...options[kind] };
      for (const nLabelled of [2, 20]) {
        const ranked = (given: GetHeuristicOptions | undefined) =>
          getHeuristic(kind, given).getRanks(predictions, {
            ...work,
            nLabelled,
            rng: createRng(1),
          });
        expect(await ranked(options[kind])).toEqual(await ranked(said));
      }
    }
  });

  it('takes what a config says', async () => {
    const predictions = samplePredictions('logits', [12, 4, 3], 'config');
    const rng = createRng('config');
    const given = {
      querySize: 3,
      features: sampleFeatures(12),
      labelled: sampleFeatures([20, 21, 22]),
      nLabelled: 3,
    };
    const same = async (config: HeuristicConfig, heuristic: Heuristic): Promise<void> => {
      const [a, b] = await Promise.all(
        [getHeuristic(config), heuristic].map((one) =>
          one.getRanks(predictions, { rng, ...given }),
        ),
      );
      expect(a).toEqual(b);
    };
    await same({ kind: 'powerBald', temperature: 0.5 }, powerBald({ temperature: 0.5 }));
    await same({ kind: 'rankBasedSampling', base: 'margin' }, rankBasedSampling(margin()));
    await same(
      { kind: 'powerSampling', base: { kind: 'variance', reduction: 'max' }, temperature: 2 },
      powerSampling(variance({ reduction: 'max' }), { temperature: 2 }),
    );
    await same('gibbsSampling', gibbsSampling(bald()));
    await same({ kind: 'subsample', base: 'entropy', size: 5 }, subsample(entropy(), 5));
    await same({ kind: 'batchBald', batchSize: 2 }, batchBald({ batchSize: 2 }));
    await same(
      { kind: 'typiClust', neighbors: 2, maxClusters: 4 },
      typiClust({ neighbors: 2, maxClusters: 4 }),
    );
    await same({ kind: 'probCover', radius: 2 }, probCover({ radius: 2 }));
    await same({ kind: 'probCover', quantile: 0.3 }, probCover({ quantile: 0.3 }));
    await same(
      { kind: 'probCover', classes: 2, purity: 0.8 },
      probCover({ classes: 2, purity: 0.8 }),
    );
    await same({ kind: 'maxDet', noise: 2 }, maxDet({ noise: 2 }));
    await same(
      { kind: 'coldStart', until: { labels: 4 } },
      coldStart(typiClust(), bald(), { until: { labels: 4 } }),
    );
    await same(
      { kind: 'coldStart', first: 'coreSet', base: 'badge', until: { labels: 3 } },
      coldStart(coreSet(), badge(), { until: { labels: 3 } }),
    );
    await same(
      {
        kind: 'combine',
        scale: 'rank',
        reduction: 'sum',
        heuristics: [
          { heuristic: 'bald', weight: 1 },
          { heuristic: { kind: 'margin' }, weight: 3 },
        ],
      },
      combineHeuristics(
        [
          { heuristic: bald(), weight: 1 },
          { heuristic: margin(), weight: 3 },
        ],
        { scale: 'rank', reduction: 'sum' },
      ),
    );
  });

  it('refuses options that a heuristic does not take, and values that are none', () => {
    const refused: readonly (readonly [object, string])[] = [
      [{ kind: 'powerBald', temprature: 2 }, 'did you mean "temperature"?'],
      [{ kind: 'random', reduction: 'mean' }, 'random has no option "reduction", expected none'],
      [{ kind: 'powerBald', temperature: '0.5' }, 'bad temperature'],
      [{ kind: 'batchBald', batchSize: '10' }, 'bad batchSize'],
      [{ kind: 'epig', targetClassWeights: 3 }, 'bad targetClassWeights'],
      [{ kind: 'precomputed' }, "expected 'highest' or 'lowest'"],
      [{ kind: 'subsample' }, 'bad size'],
      [{ kind: 'combine' }, 'at least one heuristic'],
      [{ kind: 'coldStart' }, 'expected until.labels, until.confidence or both'],
      [{ kind: 'coldStart', until: { labels: '9' } }, 'bad until.labels'],
      [{ kind: 'coldStart', until: { rounds: 9 } }, 'no condition "rounds"'],
      [{ kind: 'probCover', radius: 1, quantile: 0.1 }, 'radius and quantile'],
      [{ kind: 'typiClust', neighbors: 0 }, 'bad neighbors'],
      [{ kind: 'powerSampling', base: 'blad' }, 'did you mean "bald"?'],
    ];
    for (const [config, message] of refused) {
      expect(() => getHeuristic(config as HeuristicConfig)).toThrow(message);
    }
  });

  it('lists the names on a miss, and the nearest one', () => {
    expect(() => getHeuristic('Bald')).toThrow(ConfigError);
    expect(() => getHeuristic('Bald')).toThrow('did you mean "bald"?');
  });
});
