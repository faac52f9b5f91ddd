import { NumericalError, ShapeError } from '../errors.ts';
import type { PredictionKind, Predictions, SampleCoupling } from './predictions.ts';

/** Options of {@link fromBaalArray}. */
export interface FromBaalArrayOptions {
  /** What the values are. If absent, Baal's detection decides (see {@link fromBaalArray}). */
  readonly kind?: PredictionKind;
  /** Default `marginal`: Baal draws masks for every item of a replicated batch. */
  readonly samples?: SampleCoupling;
  /** Name of the posterior draw, if the array belongs to one. */
  readonly draw?: string;
}

/**
 * Typed predictions `[N, K, C, ...]` of a Baal-style array `[N, C, ..., K]`, the pass last.
 *
 * Without a `kind` the array is judged as a whole, as Baal's `to_prob` does, and this is the only
 * place that guesses: if a value lies outside [0, 1], or C > 1 and some sum over the classes is not
 * 1 (within 1e-8 + 1e-5), they are logits, otherwise probabilities; one class means a sigmoid.
 * Independent sigmoids with C > 1 and regression outputs need their `kind`. Deterministic.
 * O(N C R K); the values are copied.
 *
 * @throws ShapeError if there are fewer than 3 axes (a single pass is `[N, C, 1]`) or the shape does
 *   not hold the data.
 * @throws NumericalError naming the item if a value is not finite.
 */
export function fromBaalArray(
  data: Float32Array | Float64Array,
  shape: readonly number[],
  options: FromBaalArrayOptions = {},
): Predictions {
  const size = shape.reduce((product, extent) => product * extent, 1);
  if (shape.length < 3) {
    throw new ShapeError(
      `fromBaalArray: the array has shape [${shape.join(', ')}], expected [N, C, ..., K] with the passes last; append an axis of length 1 for a single pass`,
    );
  }
  if (size !== data.length) {
    throw new ShapeError(
      `fromBaalArray: the array has ${data.length} values, expected ${shape.join('*')} = ${size}`,
    );
  }
  const [N, C] = shape as readonly [number, number];
  const K = shape.at(-1) as number;
  const positions = shape.slice(2, -1);
  const perItem = data.length / N;
  const out =
    data instanceof Float32Array ? new Float32Array(data.length) : new Float64Array(data.length);
  for (let n = 0; n < N; n++) {
    for (let i = 0; i < perItem; i++) {
      const value = data[n * perItem + i] as number;
      if (!Number.isFinite(value)) {
        throw new NumericalError(
          `fromBaalArray: item ${n} has the value ${value}, expected finite values`,
        );
      }
      // The axes between N and K keep their order: only the pass moves to the front.
      out[n * perItem + (i % K) * (perItem / K) + Math.floor(i / K)] = value;
    }
  }
  return {
    data: out,
    shape: [N, K, C, ...positions],
    kind: options.kind ?? detectKind(data, N, C, perItem / C),
    samples: options.samples ?? 'marginal',
    ...(options.draw === undefined ? {} : { draw: options.draw }),
  };
}

function detectKind(
  data: ArrayLike<number>,
  N: number,
  C: number,
  perClass: number,
): PredictionKind {
  let bounded = true;
  for (let i = 0; i < data.length && bounded; i++) {
    bounded = (data[i] as number) >= 0 && (data[i] as number) <= 1;
  }
  if (C === 1) return bounded ? 'sigmoidProbabilities' : 'sigmoidLogits';
  if (!bounded) return 'logits';
  for (let n = 0; n < N; n++) {
    for (let j = 0; j < perClass; j++) {
      let sum = 0;
      for (let c = 0; c < C; c++) sum += data[(n * C + c) * perClass + j] as number;
      if (Math.abs(sum - 1) > 1e-8 + 1e-5) return 'logits';
    }
  }
  return 'probabilities';
}
