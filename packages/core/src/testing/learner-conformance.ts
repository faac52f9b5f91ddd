import type { Dataset } from '../data/dataset.ts';
import { copyData, sameValue } from '../data/same-value.ts';
import { subset } from '../data/subset.ts';
import { StateError } from '../errors.ts';
import type { Learner } from '../loop/learner.ts';
import type { Metrics } from '../metrics/metric-value.ts';
import { concatPredictions } from '../predictions/chunks.ts';
import type { PredictionKind, Predictions } from '../predictions/predictions.ts';
import { createRng } from '../random/create-rng.ts';
import type { StopSignal } from '../stop-signal.ts';

/** What the suite feeds to a learner, and what the learner promises about itself. */
export interface LearnerConformanceData<T> {
  /** Labelled items that it can learn; small, for every check trains anew. */
  readonly train: Dataset<T>;
  /** Other labelled items; for the check of aborting better more than a chunk. */
  readonly test: Dataset<T>;
  /** Declared kind of its predictions. */
  readonly kind: PredictionKind;
  /** Shape of one posterior sample of one item, e.g. `[C]`. */
  readonly outputs: readonly number[];
  /** Whether another stream gives other predictions. A reason, where it does not. */
  readonly stochastic: true | { readonly no: string };
  /** Where `evaluate` promises to equal the figures of `predict` on the same stream: computes them. */
  readonly evaluateFromPredictions?: {
    readonly metrics: (predictions: Predictions, dataset: Dataset<T>) => Metrics | Promise<Metrics>;
    /** Largest absolute difference. */
    readonly tolerance: number;
  };
}

/** The two functions of a test framework that the suite needs. */
export interface TestRunner {
  /** Groups tests. */
  readonly describe: (name: string, body: () => void) => void;
  /** Declares a test; it fails if the promise rejects. */
  readonly it: (name: string, body: () => Promise<void>) => void;
}

const K = 3;

/**
 * Declares the tests that every {@link Learner} must pass. Bound to no test framework:
 * `learnerConformance(() => committeeLearner(...), data, { describe, it })`.
 *
 * @param makeLearner - a new learner with the same initial weights at every call.
 */
export function learnerConformance<T>(
  makeLearner: () => Learner<T> | Promise<Learner<T>>,
  data: LearnerConformanceData<T>,
  { describe, it }: TestRunner,
): void {
  const { train, test, kind, outputs } = data;
  const rng = createRng('learner-conformance');
  const training = (learner: Learner<T>, stream = 'train'): Promise<Metrics> =>
    learner.train(train, { rng: rng.fork(stream) });
  const predicted = async (learner: Learner<T>, stream = 'predict'): Promise<Predictions> => {
    const chunks: Predictions[] = [];
    const work = { rng: rng.fork(stream), iterations: K };
    for await (const chunk of learner.predict(test, work)) chunks.push(chunk);
    return concatPredictions(chunks);
  };
  const check = (name: string, body: (learner: Learner<T>) => Promise<void>): void =>
    it(name, async () => {
      const learner = await makeLearner();
      try {
        await body(learner);
      } finally {
        await learner.dispose();
      }
    });

  describe('learner conformance', () => {
    check('predicts in dataset order, [n, K, C, ...], in the declared kind', async (learner) => {
      await training(learner);
      let items = 0;
      const work = { rng: rng.fork('predict'), iterations: K };
      for await (const chunk of learner.predict(test, work)) {
        const [n = 0, ...rest] = chunk.shape;
        equal('shape after the items', rest, [K, ...outputs]);
        equal('kind', chunk.kind, kind);
        const size = chunk.shape.reduce((product, extent) => product * extent, 1);
        equal('number of values', chunk.data.length, size);
        claim('a chunk is not empty', n > 0);
        claim('all values are finite', chunk.data.every(Number.isFinite));
        items += n;
      }
      equal('number of items', items, test.length);
      if (isMarginal(await predicted(learner)) || test.length < 2) return;
      // Joint samples: an item's prediction depends on its input and the pass, not on its place.
      const swapped = subset(test, [1, 0]);
      const [chunk] = await collect(learner.predict(swapped, work));
      const straight = await predicted(learner);
      const size = straight.data.length / test.length;
      const first = straight.data.subarray(0, size);
      const second = straight.data.subarray(size, 2 * size);
      claim('swapped items give swapped predictions', near(chunk, [...second, ...first]));
    });

    check('is deterministic in its streams', async (learner) => {
      await training(learner);
      const one = await predicted(learner);
      equal('the same stream again', (await predicted(learner)).data, one.data);
      const twin = await makeLearner();
      await training(twin);
      equal('a twin', (await predicted(twin)).data, one.data);
      await twin.dispose();
    });

    const { stochastic } = data;
    if (stochastic === true) {
      check('gives other predictions for another stream', async (learner) => {
        await training(learner);
        const one = await predicted(learner);
        claim('predictions differ', !sameValue((await predicted(learner, 'other')).data, one.data));
      });
    } else {
      check(`ignores the stream: ${stochastic.no}`, async (learner) => {
        await training(learner);
        const one = await predicted(learner);
        equal('predictions', (await predicted(learner, 'other')).data, one.data);
      });
    }

    check('learns, and goes back to its initial weights', async (learner) => {
      const work = { rng: rng.fork('evaluate'), averagePredictions: K };
      const fresh = await predicted(learner);
      const before = await learner.evaluate(train, work);
      const figures = await training(learner);
      const after = await learner.evaluate(train, work);
      claim('training reports a loss', Number.isFinite(figures.loss));
      claim(
        `the loss falls (${String(before.loss)} to ${String(after.loss)})`,
        Number(after.loss) < Number(before.loss),
      );
      const first = await predicted(learner);
      claim('predictions change', !sameValue(first.data, fresh.data));
      await learner.reset();
      equal('predictions after reset', (await predicted(learner)).data, fresh.data);
      await training(learner);
      equal('predictions after training anew', (await predicted(learner)).data, first.data);
    });

    check('yields nothing for no items', async (learner) => {
      const none = learner.predict(subset(test, []), { rng: rng.fork('none'), iterations: K });
      equal('chunks', (await collect(none)).length, 0);
    });

    check('refuses to train on nothing', async (learner) => {
      const error = await failure(learner.train(subset(train, []), { rng: rng.fork('none') }));
      claim('a StateError', error instanceof StateError);
    });

    check('stops when asked to', async (learner) => {
      const reason = new Error('stopped on purpose');
      const stopped = stopSignal(reason);
      stopped.abort();
      const options = { rng: rng.fork('stop'), signal: stopped.signal };
      const refused = [
        () => learner.train(train, options),
        () => learner.evaluate(test, { ...options, averagePredictions: K }),
        () => collect(learner.predict(test, { ...options, iterations: K })),
      ];
      for (const call of refused) equal('reason', await failure(call()), reason);

      const training = stopSignal(reason);
      let reports = 0;
      const error = await failure(
        learner.train(train, {
          rng: rng.fork('stop'),
          signal: training.signal,
          onProgress: () => {
            reports += 1;
            training.abort();
          },
        }),
      );
      equal('reason while training', error, reason);
      equal('reports of progress after the stop', reports - 1, 0);

      const predicting = stopSignal(reason);
      const work = { rng: rng.fork('stop'), signal: predicting.signal, iterations: K };
      const chunks = learner.predict(test, work)[Symbol.asyncIterator]();
      const first = await chunks.next();
      predicting.abort();
      if (!first.done && (first.value.shape[0] ?? 0) < test.length) {
        equal('reason while predicting', await failure(chunks.next()), reason);
      }
    });

    check('changes no item', async (learner) => {
      const items = async (): Promise<unknown[]> => {
        const list: unknown[] = [];
        for (const dataset of [train, test]) {
          for (let i = 0; i < dataset.length; i++) list.push(await dataset.get(i));
        }
        return list;
      };
      const before = copyData(await items());
      await training(learner);
      await predicted(learner);
      await learner.evaluate(test, { rng: rng.fork('evaluate'), averagePredictions: K });
      equal('items', await items(), before);
    });

    const byHand = data.evaluateFromPredictions;
    if (byHand !== undefined) {
      check('evaluates the average of what it predicts', async (learner) => {
        await training(learner);
        const work = { rng: rng.fork('predict'), averagePredictions: K };
        const figures = await learner.evaluate(test, work);
        const expected = await byHand.metrics(await predicted(learner), test);
        for (const [name, value] of Object.entries(expected)) {
          const [wanted, got] = [value, figures[name] ?? Number.NaN].map((figure) =>
            [figure].flat(),
          );
          const close = wanted?.every(
            (number, i) => Math.abs(number - (got?.[i] ?? Number.NaN)) <= byHand.tolerance,
          );
          claim(
            `${name} is ${wanted}, got ${got}`,
            close === true && wanted?.length === got?.length,
          );
        }
      });
    }

    check('restores its state, if it offers that', async (learner) => {
      if (learner.state === undefined || learner.loadState === undefined) return;
      await training(learner);
      const trained = await predicted(learner);
      const state = await learner.state();
      await learner.reset();
      claim('reset changes predictions', !sameValue((await predicted(learner)).data, trained.data));
      await learner.loadState(state);
      equal('predictions', (await predicted(learner)).data, trained.data);
      const twin = await makeLearner();
      await twin.loadState?.(state);
      equal('predictions of a twin', (await predicted(twin)).data, trained.data);
      await twin.dispose();
    });

    check(
      'gives features in dataset order, [n, D], the same in every call, if it offers that',
      async (learner) => {
        if (learner.features === undefined) return;
        await training(learner);
        const featuresOf = async (
          dataset: Dataset<T>,
          stream = 'features',
        ): Promise<number[][]> => {
          const rows: number[][] = [];
          const chunks = learner.features?.(dataset, { rng: rng.fork(stream) }) ?? [];
          for await (const { data, shape } of chunks) {
            const [n = 0, D = 0] = shape;
            claim('features have two axes, none of 0', shape.length === 2 && n * D > 0);
            equal('number of values', data.length, n * D);
            claim('all features are finite', data.every(Number.isFinite));
            for (let i = 0; i < n; i++) rows.push(Array.from(data.subarray(i * D, (i + 1) * D)));
          }
          return rows;
        };
        const rows = await featuresOf(test);
        equal('number of rows', rows.length, test.length);
        equal('lengths of rows', new Set(rows.map((row) => row.length)).size, 1);
        equal('features by another stream', await featuresOf(test, 'other'), rows);
        const order = Array.from({ length: test.length }, (_, i) => test.length - 1 - i);
        const turned = (await featuresOf(subset(test, order))).reverse();
        claim('an item keeps its features, wherever it stands', close(turned.flat(), rows.flat()));
        equal('features of no items', await featuresOf(subset(test, [])), []);

        const reason = new Error('stopped on purpose');
        const stop = stopSignal(reason);
        const chunks = learner.features(test, { rng: rng.fork('stop'), signal: stop.signal });
        const iterator = chunks[Symbol.asyncIterator]();
        const first = await iterator.next();
        stop.abort();
        if (!first.done && (first.value.shape[0] ?? 0) < test.length) {
          equal('reason while making features', await failure(iterator.next()), reason);
        }
      },
    );

    check('can be disposed twice', async (learner) => {
      await learner.dispose();
      await learner.dispose();
    });
  });
}

function claim(what: string, holds: boolean): void {
  if (!holds) throw new Error(`learner conformance: expected that ${what}`);
}

function equal(what: string, got: unknown, expected: unknown): void {
  if (sameValue(got, expected)) return;
  const show = (value: unknown): string => String(JSON.stringify(value) ?? value).slice(0, 200);
  throw new Error(
    `learner conformance: ${what} differ, expected ${show(expected)}, got ${show(got)}`,
  );
}

async function failure(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
  } catch (error) {
    return error;
  }
  throw new Error('learner conformance: expected a rejection, but the call succeeded');
}

async function collect(chunks: AsyncIterable<Predictions>): Promise<Predictions[]> {
  const all: Predictions[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return all;
}

function isMarginal(predictions: Predictions): boolean {
  return predictions.samples === 'marginal';
}

function near(chunk: Predictions | undefined, expected: readonly number[]): boolean {
  return chunk !== undefined && close(chunk.data, expected);
}

/** Equal up to the last digits of Float32: batches of another size may be summed in another order. */
function close(got: ArrayLike<number>, expected: readonly number[]): boolean {
  return expected.every(
    (value, i) => Math.abs((got[i] as number) - value) <= 1e-5 * (1 + Math.abs(value)),
  );
}

/** A signal made by hand, since core has no `AbortController` of its own. */
function stopSignal(reason: unknown): { readonly signal: StopSignal; abort(): void } {
  let aborted = false;
  return {
    abort: () => {
      aborted = true;
    },
    signal: {
      get aborted() {
        return aborted;
      },
      get reason() {
        return aborted ? reason : undefined;
      },
      throwIfAborted() {
        if (aborted) throw reason;
      },
    },
  };
}
