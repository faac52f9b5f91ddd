import type { Heuristic, HeuristicOptions, Ranking } from '../heuristics/heuristic.ts';
import { REDUCTION_NAMES, type Reduction } from '../heuristics/reduction.ts';
import { asChunks } from '../predictions/chunks.ts';
import type { PredictionKind, Predictions } from '../predictions/predictions.ts';
import { createRng } from '../random/create-rng.ts';
import { equal, fails, same, truth } from './assertions.ts';
import { featureTests } from './feature-tests.ts';
import type { TestRunner } from './learner-conformance.ts';
import {
  PREDICTION_KINDS,
  sampleFeatures,
  samplePredictions,
  takeItems,
} from './sample-predictions.ts';

/** What a heuristic declares about itself. */
export interface HeuristicConformanceOptions {
  /** Kinds of predictions that it scores; Default: all but `values`. */
  readonly kinds?: readonly PredictionKind[];
  /** Kinds that it must refuse with a TypeError. Default: all that are not among `kinds`. */
  readonly refuses?: readonly PredictionKind[];
  /** Fewest posterior samples; it must refuse fewer with a RangeError. Default 1. */
  readonly minSamples?: number;
  /** K of the predictions to test with. Default 3, or `minSamples`. */
  readonly samples?: number;
  /** C of the predictions to test with. Default 3. */
  readonly outputs?: number;
  /** Whether the scores depend on an rng, which must then be given. Default false. */
  readonly random?: boolean;
  /**
   * What the ranking is: `scores`, highest first; `batch`, the picks of a batch and then the rest by
   * scores; `drawn`, at random by an rng, which the scores do not need; `drawnBatch`, as `batch`, with
   * picks that are drawn by an rng. Default `scores`.
   */
  readonly order?: 'scores' | 'batch' | 'drawn' | 'drawnBatch';
  /** Whether it scores predictions with axes after the classes, by the reductions. Default true. */
  readonly spatial?: boolean;
}

/**
 * The tests that every heuristic has to pass, whatever it computes: the whole pool and any stream
 * give the same numbers, inputs stay as they are, scores are finite and follow their items, ties go
 * to the lowest position, NaN is refused with the number of its item, the same seed gives the same.
 * A heuristic over features is given some, and those of labelled items.
 *
 * Framework-free: it registers its tests with the runner given, and its assertions throw.
 * Deterministic.
 *
 * @param makeHeuristic makes a fresh heuristic with a reduction.
 * @example
 * ```ts
 * import { describe, it } from 'vitest';
 * heuristicConformance((reduction) => bald({ reduction }), { describe, it }, { minSamples: 2 });
 * ```
 */
export function heuristicConformance(
  makeHeuristic: (reduction: Reduction) => Heuristic,
  runner: TestRunner,
  {
    kinds = PREDICTION_KINDS.filter((kind) => kind !== 'values'),
    refuses = PREDICTION_KINDS.filter((kind) => !kinds.includes(kind)),
    minSamples = 1,
    samples = Math.max(3, minSamples),
    outputs = 3,
    random = false,
    order = 'scores',
    spatial = true,
  }: HeuristicConformanceOptions = {},
): void {
  const { describe } = runner;
  const it = (name: string, body: () => void | Promise<void>): void =>
    runner.it(name, async () => body());
  const heuristic = makeHeuristic('none');
  const drawn = order === 'drawn' || order === 'drawnBatch';
  const seeded = (seed = 0, items: number | readonly number[] = 7): HeuristicOptions => ({
    ...(random || drawn ? { rng: createRng(seed) } : {}),
    ...(heuristic.needsFeatures && { features: sampleFeatures(items) }),
    ...(heuristic.needsLabelled && { labelled: sampleFeatures([100, 101]) }),
    nLabelled: 2,
    querySize: 3,
  });
  const [K, C] = [samples, outputs];
  const flat = (kind: PredictionKind, N = 7, passes = K): Predictions =>
    samplePredictions(kind, [N, passes, C], 'conformance');
  const withSpace = (kind: PredictionKind): Predictions =>
    samplePredictions(kind, [5, K, C, 2, 3], 'space');

  const sameEverywhere = async (one: Heuristic, predictions: Predictions): Promise<void> => {
    const whole = one.getUncertainties(predictions, seeded());
    const N = predictions.shape[0] as number;
    for (const size of [1, 2, N - 1, N]) {
      const streamed = await one.getUncertaintiesGenerator(
        asyncly(asChunks(predictions, size)),
        seeded(),
      );
      same(streamed, whole, `chunks of ${size} and the whole pool`);
    }
    same(
      await one.getUncertaintiesGenerator(unevenly(predictions), seeded()),
      whole,
      'uneven chunks',
    );
  };

  const checkOrder = (ranking: Ranking, scores: Float64Array): void =>
    checkRanking(ranking, scores, order);

  describe(`heuristic ${heuristic.name} conforms`, () => {
    for (const kind of kinds) {
      describe(`on ${kind}`, () => {
        it('gives one finite score an item', () => {
          const scores = heuristic.getUncertainties(flat(kind), seeded());
          truth(scores instanceof Float64Array, 'scores are a Float64Array');
          equal(scores.length, 7, 'number of scores');
          truth(scores.every(Number.isFinite), 'all scores are finite');
        });

        it('scores a stream, however cut, as the whole pool, to the bit', () =>
          sameEverywhere(heuristic, flat(kind)));

        it('ranks by its scores, whole and streamed', async () => {
          const scores = heuristic.getUncertainties(flat(kind), seeded());
          checkOrder(await heuristic.getRanks(flat(kind), seeded()), scores);
          checkOrder(await heuristic.getRanks(asyncly(asChunks(flat(kind), 3)), seeded()), scores);
          checkOrder(await heuristic.getRanks([...asChunks(flat(kind), 2)], seeded()), scores);
        });

        it('leaves its input as it is', async () => {
          const predictions = flat(kind);
          const [before, shape] = [predictions.data.slice(), [...predictions.shape]];
          await heuristic.getRanks(Object.freeze(predictions), seeded());
          same(predictions.data, before, 'the predictions after and before');
          equal(predictions.shape.join(), shape.join(), 'the shape');
        });

        it('scores nearly the same in single precision', () => {
          const double = flat(kind);
          const single = { ...double, data: Float32Array.from(double.data) };
          const [a, b] = [double, single].map((one) => heuristic.getUncertainties(one, seeded()));
          a?.forEach((score, i) => {
            truth(
              Math.abs(score - (b?.[i] as number)) < 1e-4 * (1 + Math.abs(score)),
              `item ${i} in Float32`,
            );
          });
        });

        it('scores one item, and none', async () => {
          equal(
            heuristic.getUncertainties(flat(kind, 1), seeded(0, 1)).length,
            1,
            'scores of one item',
          );
          equal(
            (await heuristic.getRanks(flat(kind, 1), seeded(0, 1))).ranks.join(),
            '0',
            'ranks of one item',
          );
          equal(
            heuristic.getUncertainties(flat(kind, 0), seeded(0, 0)).length,
            0,
            'scores of no item',
          );
          equal(
            (await heuristic.getRanks(flat(kind, 0), seeded(0, 0))).ranks.length,
            0,
            'ranks of no item',
          );
        });

        if (!random && order === 'scores') {
          it('gives ties to the lowest position', () => ties(kind));
        }

        if (!random) {
          it('moves the scores with the items', () => {
            const shuffled = [4, 0, 6, 2, 1, 5, 3];
            const scores = heuristic.getUncertainties(flat(kind), seeded());
            const moved = heuristic.getUncertainties(
              takeItems(flat(kind), shuffled),
              seeded(0, shuffled),
            );
            same(
              moved,
              Float64Array.from(shuffled, (i) => scores[i] as number),
              'scores of permuted items',
            );
          });

          it('is reproducible', () => {
            same(
              makeHeuristic('none').getUncertainties(flat(kind), seeded()),
              heuristic.getUncertainties(flat(kind), seeded()),
              'two runs',
            );
          });
        }

        if (heuristic.needsPredictions) {
          it('refuses NaN and infinity with the number of the item, whole and streamed', async () => {
            for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
              const broken = flat(kind);
              broken.data[4 * K * C + C - 1] = value;
              await fails(
                () => heuristic.getUncertainties(broken, seeded()),
                /item 4\b/,
                `a whole pool with ${value}`,
              );
              await fails(
                () => heuristic.getRanks(asyncly(asChunks(broken, 3)), seeded()),
                /item 4\b/,
                `a stream with ${value}`,
              );
            }
          });

          it('refuses a shape that does not hold the data', () =>
            fails(
              () => heuristic.getUncertainties({ ...flat(kind), shape: [7, K, C + 1] }, seeded()),
              /expected/,
              'a wrong shape',
            ));

          for (let passes = 1; passes < minSamples; passes++) {
            it(`refuses ${passes} posterior sample(s)`, () =>
              fails(
                () => heuristic.getUncertainties(flat(kind, 7, passes), seeded()),
                /at least/,
                'few samples',
                RangeError,
              ));
          }
          it(`takes ${minSamples} posterior sample(s)`, () => {
            equal(
              heuristic.getUncertainties(flat(kind, 7, minSamples), seeded()).length,
              7,
              'scores',
            );
          });
        }

        if (spatial) spatialTests(kind);
      });
    }

    async function ties(kind: PredictionKind): Promise<void> {
      const tied = takeItems(flat(kind), [2, 5, 2, 5, 2]);
      const { ranks, scores } = await heuristic.getRanks(tied, seeded());
      const [a, b] = scores as unknown as [number, number];
      const lowestFirst = a === b ? '0,1,2,3,4' : a > b ? '0,2,4,1,3' : '1,3,0,2,4';
      equal(ranks.join(), lowestFirst, 'ranks of tied items');
    }

    function spatialTests(kind: PredictionKind): void {
      for (const reduction of [...REDUCTION_NAMES.filter((name) => name !== 'none'), byMedian]) {
        const name = typeof reduction === 'string' ? reduction : 'a function';
        it(`reduces space to one score an item by ${name}`, async () => {
          const reduced = makeHeuristic(reduction);
          const scores = reduced.getUncertainties(withSpace(kind), seeded());
          equal(scores.length, 5, 'number of scores');
          truth(scores.every(Number.isFinite), 'all scores are finite');
          await sameEverywhere(reduced, withSpace(kind));
          checkOrder(await reduced.getRanks(withSpace(kind), seeded()), scores);
          if (!heuristic.needsPredictions) return;
          const each = heuristic.getUncertainties(withSpace(kind), seeded());
          equal(each.length, 30, 'scores without reduction');
          const own = Array.from(each.subarray(6, 12)).sort((a, b) => a - b) as [
            number,
            ...number[],
          ];
          const expected = {
            mean: own.reduce((a, b) => a + b) / 6,
            sum: own.reduce((a, b) => a + b),
            min: own[0],
            max: own[5],
            'a function': own[3],
          };
          truth(
            Math.abs((scores[1] as number) - (expected[name as keyof typeof expected] as number)) <
              1e-12 * (1 + Math.abs(scores[1] as number)),
            `item 1 by ${name}`,
          );
        });
      }
      if (!heuristic.needsPredictions) return;
      it('does not rank several scores an item', async () => {
        await fails(
          () => heuristic.getRanks(withSpace(kind), seeded()),
          /reduction 'none'/,
          'ranking pixels',
        );
        await fails(
          () => heuristic.getRanks(asChunks(withSpace(kind), 2), seeded()),
          /reduction 'none'/,
          'ranking pixels',
        );
      });
    }

    for (const kind of heuristic.needsPredictions ? refuses : []) {
      it(`refuses ${kind}`, () =>
        fails(() => heuristic.getUncertainties(flat(kind), seeded()), /expected/, kind, TypeError));
    }

    it('refuses a stream without chunks', async () => {
      await fails(() => heuristic.getRanks([], seeded()), /no predictions/, 'an empty stream');
      await fails(
        () => heuristic.getUncertaintiesGenerator(asyncly([]), seeded()),
        /no predictions/,
        'an empty stream',
      );
    });

    it('stops between chunks when told to, with the reason given', async () => {
      const reason = new Error('told to stop');
      let aborted = false;
      const signal = {
        get aborted(): boolean {
          return aborted;
        },
        reason,
        throwIfAborted: (): void => {
          if (aborted) throw reason;
        },
      };
      let taken = 0;
      const first = kinds[0] as PredictionKind;
      function* chunks(): Generator<Predictions> {
        for (const chunk of asChunks(flat(first), 1)) {
          aborted = ++taken === 3;
          yield chunk;
        }
      }
      await fails(
        () => heuristic.getRanks(chunks(), { ...seeded(), signal }),
        /told to stop/,
        'a stopped stream',
      );
      equal(taken, 3, 'chunks taken');
    });

    if (heuristic.needsFeatures === true) {
      const predictions = flat(kinds[0] as PredictionKind);
      featureTests(heuristic, predictions, seeded(), it);
    }

    if (drawn) {
      it('ranks by the rng given, and by nothing else', async () => {
        const predictions = flat(kinds[0] as PredictionKind, 50);
        const ranks = async (seed: number): Promise<string> =>
          (await heuristic.getRanks(predictions, seeded(seed, 50))).ranks.join();
        equal(await ranks(1), await ranks(1), 'the same seed twice');
        truth((await ranks(1)) !== (await ranks(2)), 'another seed gives another order');
        const options = seeded(0, 50);
        equal(
          (await heuristic.getRanks(predictions, options)).ranks.join(),
          (await heuristic.getRanks(predictions, options)).ranks.join(),
          'the same rng twice (forked, not drawn from)',
        );
        const { rng: _, ...rest } = options;
        await fails(() => heuristic.getRanks(predictions, rest), /rng/, 'no rng');
      });
    }

    if (random) {
      it('depends on the rng and on nothing else', async () => {
        const predictions = flat(kinds[0] as PredictionKind, 50);
        const scores = (seed: number): Float64Array =>
          heuristic.getUncertainties(predictions, seeded(seed, 50));
        same(scores(1), scores(1), 'the same seed twice');
        truth(scores(1).join() !== scores(2).join(), 'another seed gives other scores');
        const options = seeded(0, 50);
        const first = heuristic.getUncertainties(predictions, options);
        same(
          heuristic.getUncertainties(predictions, options),
          first,
          'the same rng twice (forked, not drawn from)',
        );
        const { rng: _, ...rest } = options;
        await fails(() => heuristic.getUncertainties(predictions, rest), /rng/, 'no rng');
      });
    }
  });
}

function byMedian(scores: Float64Array, shape: readonly number[]): number {
  equal(shape.join(), '2,3', 'the shape that a reduction is told');
  return scores.toSorted()[scores.length >> 1] as number;
}

async function* asyncly(chunks: Iterable<Predictions>): AsyncGenerator<Predictions> {
  yield* chunks;
}

/** The first item alone, an empty chunk, then the rest. */
function* unevenly(predictions: Predictions): Generator<Predictions> {
  const rest = Array.from({ length: (predictions.shape[0] as number) - 1 }, (_, i) => i + 1);
  for (const items of [[0], [], rest]) yield takeItems(predictions, items);
}

function checkRanking(
  { ranks, scores, batch }: Ranking,
  expected: Float64Array,
  order: NonNullable<HeuristicConformanceOptions['order']>,
): void {
  truth(ranks instanceof Uint32Array, 'ranks are a Uint32Array');
  same(scores, expected, 'scores of the ranking');
  const all = Array.from(expected.keys());
  equal(ranks.toSorted().join(), all.join(), 'the ranks, sorted');
  if (order === 'drawn') return;
  equal(batch === undefined, order === 'scores', 'whether there is no batch');
  const picks = Array.from(batch?.picks ?? []);
  if (batch !== undefined) {
    equal(picks.length, Math.min(3, expected.length), 'picks');
    equal(batch.gains.length, picks.length, 'gains');
    equal(batch.standardErrors.length, picks.length, 'standard errors');
    truth(batch.gains.every(Number.isFinite), 'gains are finite');
  }
  const wanted = all
    .filter((i) => !picks.includes(i))
    .sort((a, b) => (expected[b] as number) - (expected[a] as number) || a - b);
  equal(ranks.join(), [...picks, ...wanted].join(), 'ranks');
}
