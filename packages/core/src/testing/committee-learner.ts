import type { Dataset } from '../data/dataset.ts';
import type { Example, NdArray } from '../data/example.ts';
import { DataError, NumericalError, ShapeError, StateError } from '../errors.ts';
import type { EvaluateOptions, Learner, PredictOptions, WorkOptions } from '../loop/learner.ts';
import { type TrainUntil, trainUntilReached } from '../loop/train-until.ts';
import type { Metrics } from '../metrics/metric-value.ts';
import type { Predictions } from '../predictions/predictions.ts';
import type { Rng } from '../random/rng.ts';
import { memberProbabilities, memberStep, type SoftmaxMember } from './softmax-member.ts';

/** Settings of {@link committeeLearner}. */
export interface CommitteeLearnerOptions {
  /** C, the number of classes. */
  readonly classes: number;
  /** D, the number of features. */
  readonly features: number;
  /** Initial weights: normal, standard deviation 0.1; drawn once. */
  readonly rng: Rng;
  /** M, the number of members; default 5. */
  readonly members?: number;
  /** Passes over the labelled items; default 20. */
  readonly epochs?: number;
  /** Ends the training of a round early; default `null`. */
  readonly until?: TrainUntil;
  /** Items a training step; default 8. */
  readonly batchSize?: number;
  /** Items a chunk of predictions; default 16. */
  readonly chunkSize?: number;
  /** Step size of gradient descent; default 0.5. */
  readonly learningRate?: number;
}

interface Point {
  readonly x_D: ArrayLike<number>;
  readonly y: number;
}

/**
 * A learner without a model runtime, for tests and examples: M softmax regressions on small vectors,
 * each trained on its own bootstrap sample. A posterior sample is a member drawn with replacement,
 * the same for every item (joint). Features are the inputs.
 *
 * Randomness: `member-<m>` (bootstrap) and `epoch-<e>` (order) of the training stream; the stream
 * of `predict` and `evaluate` draws the members, so both agree on the same stream.
 */
export function committeeLearner(options: CommitteeLearnerOptions): Learner<Example> {
  const { classes, features: D, members = 5, epochs = 20, until = null } = options;
  const { batchSize = 8, chunkSize = 16, learningRate = 0.5 } = options;
  const stride = classes * (D + 1);
  const draw = options.rng.fork('initial-weights');
  const initial = Float64Array.from({ length: members * stride }, () => 0.1 * draw.normal());
  const weights = initial.slice();
  const committee: SoftmaxMember[] = Array.from({ length: members }, (_, m) => ({
    weights: weights.subarray(m * stride, (m + 1) * stride),
    classes,
    features: D,
  }));
  let disposed = false;

  const name = 'committee';
  const checkAlive = (): void => {
    if (disposed) throw new StateError(`${name}: it was disposed, expected a learner in use`);
  };

  const pointOf = async (dataset: Dataset<Example>, index: number): Promise<Point> => {
    const { input, target } = await dataset.get(index);
    const x_D = 'data' in input ? (input as NdArray).data : undefined;
    if (x_D === undefined || x_D.length !== D || x_D instanceof BigInt64Array) {
      throw new ShapeError(
        `${name}: bad input of item ${index}, expected one array of ${D} numbers, got ${x_D?.length ?? 'inputs by name'}`,
      );
    }
    return { x_D, y: typeof target === 'number' ? target : -1 };
  };

  const labelledPoints = async (dataset: Dataset<Example>): Promise<Point[]> => {
    const points: Point[] = [];
    for (let i = 0; i < dataset.length; i++) {
      const point = await pointOf(dataset, i);
      if (!Number.isInteger(point.y) || point.y < 0 || point.y >= classes) {
        throw new DataError(
          `${name}: bad target of item ${i}, expected a class in 0 … ${classes - 1}, got ${point.y}`,
        );
      }
      points.push(point);
    }
    return points;
  };

  const drawMembers = (rng: Rng, iterations: number): SoftmaxMember[] => {
    const stream = rng.fork('members');
    return Array.from(
      { length: iterations },
      () => committee[stream.int(members)] as SoftmaxMember,
    );
  };

  async function train(dataset: Dataset<Example>, work: WorkOptions): Promise<Metrics> {
    checkAlive();
    if (dataset.length === 0) {
      throw new StateError(`${name}: nothing to train on, expected at least 1 item, got 0`);
    }
    work.signal?.throwIfAborted();
    const points = await labelledPoints(dataset);
    const samples = committee.map((_, m) => {
      const stream = work.rng.fork(`member-${m}`);
      return points.map(() => points[stream.int(points.length)] as Point);
    });
    let metrics: Metrics = {};
    for (let epoch = 0; epoch < epochs; epoch++) {
      const order = work.rng.fork(`epoch-${epoch}`).permutation(points.length);
      let loss = 0;
      for (let start = 0; start < order.length; start += batchSize) {
        work.signal?.throwIfAborted();
        const batch = order.subarray(start, start + batchSize);
        for (const [m, member] of committee.entries()) {
          const sample = samples[m] as Point[];
          const items = Array.from(batch, (i) => sample[i] as Point);
          loss += memberStep(member, items, learningRate) * batch.length;
        }
      }
      loss /= points.length * members;
      if (!Number.isFinite(loss)) {
        throw new NumericalError(
          `${name}: the training loss is no number in epoch ${epoch}, expected a finite one, got ${loss}; lower the learning rate`,
        );
      }
      metrics = { loss, accuracy: averageFigures(committee, points).accuracy };
      work.onProgress?.({ phase: 'train', done: epoch + 1, total: epochs, metrics });
      if (trainUntilReached(until, metrics)) break;
    }
    return metrics;
  }

  async function evaluate(dataset: Dataset<Example>, work: EvaluateOptions): Promise<Metrics> {
    checkAlive();
    work.signal?.throwIfAborted();
    const chosen = drawMembers(work.rng, work.averagePredictions);
    const points = await labelledPoints(dataset);
    if (points.length === 0) {
      throw new StateError(`${name}: nothing to evaluate on, expected at least 1 item, got 0`);
    }
    const figures = averageFigures(chosen, points);
    work.signal?.throwIfAborted();
    work.onProgress?.({ phase: 'evaluate', done: points.length, total: points.length });
    return figures;
  }

  async function* predict(
    dataset: Dataset<Example>,
    work: PredictOptions,
  ): AsyncGenerator<Predictions, void, undefined> {
    checkAlive();
    const { iterations } = work;
    const chosen = drawMembers(work.rng, iterations);
    const draw = work.rng.state().key.join('-');
    for (let start = 0; start < dataset.length; start += chunkSize) {
      work.signal?.throwIfAborted();
      const n = Math.min(chunkSize, dataset.length - start);
      const probs_N_K_C = new Float64Array(n * iterations * classes);
      for (let i = 0; i < n; i++) {
        const { x_D } = await pointOf(dataset, start + i);
        for (const [k, member] of chosen.entries()) {
          probs_N_K_C.set(memberProbabilities(member, x_D), (i * iterations + k) * classes);
        }
      }
      work.onProgress?.({ phase: 'predict', done: start + n, total: dataset.length });
      yield {
        data: probs_N_K_C,
        shape: [n, iterations, classes],
        kind: 'probabilities',
        samples: 'joint',
        draw,
      };
    }
  }

  /** A softmax regression has no hidden layer: its last layer reads the inputs. */
  async function* features(
    dataset: Dataset<Example>,
    work: WorkOptions,
  ): AsyncGenerator<NdArray<Float32Array>, void, undefined> {
    checkAlive();
    for (let start = 0; start < dataset.length; start += chunkSize) {
      work.signal?.throwIfAborted();
      const n = Math.min(chunkSize, dataset.length - start);
      const x_N_D = new Float32Array(n * D);
      for (let i = 0; i < n; i++) x_N_D.set((await pointOf(dataset, start + i)).x_D, i * D);
      work.onProgress?.({ phase: 'predict', done: start + n, total: dataset.length });
      yield { data: x_N_D, shape: [n, D] };
    }
  }

  return {
    name,
    train,
    evaluate,
    predict,
    features,
    reset: async () => {
      checkAlive();
      weights.set(initial);
    },
    state: async () => {
      checkAlive();
      return new Map([['weights', { data: weights.slice(), shape: [members, classes, D + 1] }]]);
    },
    loadState: async (state) => {
      checkAlive();
      const data = state.get('weights')?.data;
      if (!(data instanceof Float64Array) || data.length !== weights.length) {
        throw new ShapeError(
          `${name}: bad state, expected 'weights', Float64 of ${weights.length} values, got ${data?.length ?? 'none'}`,
        );
      }
      weights.set(data);
    },
    dispose: async () => {
      disposed = true;
    },
  };
}

/** Cross-entropy (nats) and accuracy of the averaged probabilities of some members. */
function averageFigures(
  members: readonly SoftmaxMember[],
  points: readonly Point[],
): { readonly loss: number; readonly accuracy: number } {
  let loss = 0;
  let right = 0;
  for (const { x_D, y } of points) {
    const mean_C = new Float64Array(members[0]?.classes ?? 0);
    for (const member of members) {
      const probs_C = memberProbabilities(member, x_D);
      for (let c = 0; c < mean_C.length; c++) {
        mean_C[c] = (mean_C[c] as number) + (probs_C[c] as number) / members.length;
      }
    }
    loss -= Math.log(mean_C[y] as number);
    if (mean_C.indexOf(Math.max(...mean_C)) === y) right += 1;
  }
  return { loss: loss / points.length, accuracy: right / points.length };
}
