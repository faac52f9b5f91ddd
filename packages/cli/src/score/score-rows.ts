import {
  bayesianModelAverage,
  ConfigError,
  createRng,
  DataError,
  getHeuristic,
  type Heuristic,
  type Predictions,
  ShapeError,
} from '@baal/core';
import type { RowChunk, RowSource } from '@baal/datasets';
import { sizeOf } from '@baal/onnx';
import { normaliser, toTensor } from './prepare-rows.ts';
import type { ScoreOptions } from './score-options.ts';
import type { ScoringModel } from './scoring-model.ts';

/** One row of the pool with what the model makes of it. */
export interface ScoredRow {
  /** Number of the row, from 0. */
  readonly row: number;
  readonly id: string;
  /** Uncertainty; higher = label sooner. `null` for a row that cannot be scored. */
  readonly score: number | null;
  /** Why it cannot be scored. */
  readonly reason?: string;
  /** Most probable class of the average of the samples, and its probability; mean of a regression. */
  readonly prediction?: number;
  readonly confidence?: number;
  /** Class of the row where it is known. */
  readonly label?: number;
  /** Most probable class of the deterministic pass; only where the label is known. */
  readonly deterministic?: number;
}

/** Options of {@link scoreRows}. */
export interface ScoreRowsOptions {
  readonly score: ScoreOptions;
  readonly signal: AbortSignal;
  /** Labels of the rows, from a file of their own. */
  readonly labels?: RowSource;
}

/**
 * Scores the rows of a source one chunk at a time: the memory of one chunk, however many rows there are.
 * All rows are passed through the same K draws of the weights, which hang on the seed alone.
 *
 * @throws DataError for a damaged file, or a prediction that is not finite.
 * @throws ShapeError if the heuristic leaves several scores a row.
 */
export async function* scoreRows(
  source: RowSource,
  model: ScoringModel,
  options: ScoreRowsOptions,
): AsyncGenerator<readonly ScoredRow[]> {
  const { score, signal } = options;
  const heuristic = getHeuristic(
    score.heuristic,
    score.reduction === undefined ? {} : { reduction: score.reduction },
  );
  const normalise = normaliser(model.inputShape, score);
  const draw = model.sampled.draw(createRng(score.seed).fork('score'));
  const size = Math.min(model.sampled.itemsPerRun, model.deterministic.itemsPerRun);
  const labels = options.labels?.chunks(size)[Symbol.asyncIterator]();
  for await (const chunk of source.chunks(size)) {
    signal.throwIfAborted();
    const known = labels === undefined ? chunk.labels : await nextLabels(labels, chunk);
    yield await scoreChunk({ chunk, labels: known, model, heuristic, normalise, draw, signal });
  }
}

interface ChunkWork {
  readonly chunk: RowChunk;
  readonly labels: readonly (number | null)[] | undefined;
  readonly model: ScoringModel;
  readonly heuristic: Heuristic;
  readonly normalise: ReturnType<typeof normaliser>;
  readonly draw: ReturnType<ScoringModel['sampled']['draw']>;
  readonly signal: AbortSignal;
}

async function scoreChunk(work: ChunkWork): Promise<readonly ScoredRow[]> {
  const { chunk, labels, model, normalise } = work;
  const { first, ids, broken } = chunk;
  const whole = ids.map((_, i) => i).filter((i) => !broken.has(i));
  const perRow = sizeOf(model.inputShape);
  const inputs = whole.length === ids.length ? chunk.inputs : gather(chunk.inputs, whole, perRow);
  if (normalise !== undefined) {
    for (let i = 0; i < whole.length; i++) normalise(inputs.subarray(i * perRow, (i + 1) * perRow));
  }
  const answers = whole.length === 0 ? [] : await answer(inputs, whole, work);
  const rows: ScoredRow[] = ids.map((id, i) => {
    const reason = broken.get(i);
    const label = labels?.[i] ?? null;
    return {
      row: first + i,
      id,
      score: null,
      ...(reason === undefined ? {} : { reason }),
      ...(label === null ? {} : { label }),
    };
  });
  for (const [j, i] of whole.entries()) rows[i] = { ...(rows[i] as ScoredRow), ...answers[j] };
  return rows;
}

/** Scores and predictions of the rows that can be used, at their positions in the chunk. */
async function answer(
  inputs: Float32Array,
  positions: readonly number[],
  { chunk, labels, model, heuristic, draw, signal }: ChunkWork,
): Promise<readonly Partial<ScoredRow>[]> {
  const n = positions.length;
  const { sampled, deterministic, kind, input, inputShape } = model;
  const batch = { [input.name]: toTensor(inputs, [n, ...inputShape], input.type ?? 'float32') };
  const predictions: Predictions = {
    ...(await sampled.predict(batch, n, draw, chunk.first, signal)),
    kind,
    samples: sampled.fellBack ? 'marginal' : 'joint',
  };
  checkFinite(predictions, (j) => `row ${chunk.first + (positions[j] as number)}`);
  const scores = heuristic.getUncertainties(predictions);
  if (scores.length !== n) {
    throw new ShapeError(
      `baal score: the model gives ${scores.length / n} scores a row, expected 1; choose how to bring them together with --reduction mean, max, min or sum`,
    );
  }
  const averages = outcomesOf(predictions);
  const alone =
    labels === undefined
      ? undefined
      : sampled === deterministic
        ? averages
        : outcomesOf({
            ...(await deterministic.predict(batch, n, undefined, 0)),
            kind,
            samples: 'joint',
          });
  return Array.from(scores, (score, j) => ({
    score,
    ...averages?.(j),
    ...(alone === undefined ? {} : { deterministic: alone(j).prediction }),
  }));
}

/** What each item is predicted to be, where there is one answer an item. */
function outcomesOf(
  predictions: Predictions,
): ((j: number) => { prediction: number; confidence?: number }) | undefined {
  const [, K = 1, C = 1, ...space] = predictions.shape;
  if (space.length > 0) return undefined;
  const { kind, data } = predictions;
  if (kind === 'values') {
    if (C !== 1) return undefined;
    return (j) => {
      let sum = 0;
      for (let k = 0; k < K; k++) sum += data[j * K + k] as number;
      return { prediction: sum / K };
    };
  }
  const average = bayesianModelAverage(predictions);
  if (kind === 'sigmoidLogits' || kind === 'sigmoidProbabilities') {
    if (C !== 1) return undefined;
    return (j) => {
      const p = average.data[j] as number;
      return p >= 0.5 ? { prediction: 1, confidence: p } : { prediction: 0, confidence: 1 - p };
    };
  }
  return (j) => {
    let best = 0;
    for (let c = 1; c < C; c++) {
      if ((average.data[j * C + c] as number) > (average.data[j * C + best] as number)) best = c;
    }
    return { prediction: best, confidence: average.data[j * C + best] as number };
  };
}

async function nextLabels(
  labels: AsyncIterator<RowChunk>,
  { first, ids }: RowChunk,
): Promise<readonly (number | null)[]> {
  const { value, done } = await labels.next();
  const chunk = value as RowChunk;
  if (done === true || chunk.ids.length !== ids.length) {
    throw new DataError(
      `--labels: not as many as rows, expected ${first + ids.length} or more, got ${done === true ? first : first + chunk.ids.length}`,
    );
  }
  if (chunk.inputs.length !== ids.length) {
    throw new ConfigError('--labels: expected one number a row, a class from 0 on, got several');
  }
  return Array.from(chunk.inputs, (label) => (Number.isFinite(label) ? label : null));
}

function gather(values: Float32Array, rows: readonly number[], perRow: number): Float32Array {
  const gathered = new Float32Array(rows.length * perRow);
  for (const [j, i] of rows.entries()) {
    gathered.set(values.subarray(i * perRow, (i + 1) * perRow), j * perRow);
  }
  return gathered;
}

function checkFinite({ data, shape }: Predictions, nameOf: (j: number) => string): void {
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad < 0) return;
  const item = Math.floor(bad / (data.length / (shape[0] as number)));
  throw new DataError(
    `baal score: the prediction of ${nameOf(item)} is ${data[bad]}, expected finite numbers; check --scale, --mean and --std, or the weights of the model`,
  );
}
