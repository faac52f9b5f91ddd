import {
  BaalError,
  bayesianModelAverage,
  ConfigError,
  createRng,
  DataError,
  getHeuristic,
  type Heuristic,
  type Predictions,
  ShapeError,
  StateError,
} from '@baal/core';
import type { RowValues } from '@baal/datasets';
import {
  type BatchPrediction,
  classesFirst,
  type Predictor,
  sizeOf,
  type TensorData,
} from '@baal/onnx';
import type { Pool, PoolChunk } from './pool.ts';
import { toTensor } from './prepare-rows.ts';
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
  /** Rows that are done already; a multiple of {@link rowsPerRun}. */
  readonly start: number;
}

/** Rows that a model takes at a time. */
export function rowsPerRun({ sampled, deterministic }: ScoringModel): number {
  return Math.min(sampled.itemsPerRun, deterministic.itemsPerRun);
}

/**
 * Scores the rows of a pool one chunk at a time: the memory of one chunk, however many rows there are. All rows
 * are passed through the same K draws of the weights, which hang on the seed alone; with marginal masks on the
 * seed and the number of the row. What a row gets does not depend on other rows, whole or broken.
 *
 * @throws DataError for a damaged file, or if no row of the first chunk has a finite prediction.
 * @throws StateError if the model cannot be run.
 * @throws ShapeError if the heuristic leaves several scores a row.
 */
export async function* scoreRows(
  pool: Pool,
  model: ScoringModel,
  { score, signal, start }: ScoreRowsOptions,
): AsyncGenerator<readonly ScoredRow[]> {
  const heuristic = getHeuristic(
    score.heuristic,
    score.reduction === undefined ? {} : { reduction: score.reduction },
  );
  const draw = model.sampled.draw(createRng(score.seed).fork('score'));
  for await (const chunk of pool.chunks(rowsPerRun(model), start, signal)) {
    signal.throwIfAborted();
    const classAxis = score.classAxis ?? 1;
    yield await scoreChunk({ chunk, model, heuristic, draw, signal, classAxis });
  }
}

interface ChunkWork {
  readonly chunk: PoolChunk;
  readonly model: ScoringModel;
  readonly heuristic: Heuristic;
  readonly draw: ReturnType<ScoringModel['sampled']['draw']>;
  readonly signal: AbortSignal;
  readonly classAxis: number;
}

async function scoreChunk(work: ChunkWork): Promise<readonly ScoredRow[]> {
  const { first, ids, broken, labels } = work.chunk;
  const answers = broken.size === ids.length ? none : await answersOf(work);
  return ids.map((id, i) => {
    const label = labels?.[i] ?? null;
    const known = label === null ? {} : { label };
    const reason = broken.get(i) ?? answers.broken.get(i);
    if (reason !== undefined) return { row: first + i, id, score: null, reason, ...known };
    const { deterministic, ...answer } = answers.byRow.get(i) as Answer;
    if (label === null || deterministic === undefined) return { row: first + i, id, ...answer };
    return { row: first + i, id, ...answer, label, deterministic };
  });
}

type Answer = Pick<ScoredRow, 'prediction' | 'confidence' | 'deterministic'> & {
  readonly score: number;
};

/** What a chunk comes to, by the number of the row in it. */
interface Answers {
  readonly byRow: ReadonlyMap<number, Answer>;
  /** Rows whose prediction is not finite. */
  readonly broken: ReadonlyMap<number, string>;
}

const none: Answers = { byRow: new Map(), broken: new Map() };

/** Scores and predictions of the rows that can be used. */
async function answersOf({
  chunk,
  model,
  heuristic,
  draw,
  signal,
  classAxis,
}: ChunkWork): Promise<Answers> {
  const { first, ids, broken, labels, values } = chunk;
  const { sampled, deterministic, kind, inputs, shapes } = model;
  const n = ids.length;
  const batch = Object.fromEntries(
    inputs.map((input) => {
      const { name } = input;
      const shape = [n, ...(shapes[name] as readonly number[])];
      return [name, toTensor(values.get(name) as RowValues, shape, input, first)];
    }),
  );
  // Broken rows are passed through the model as zeros, so that the others stay at their places: a marginal
  // mask is drawn for a place, and products of matrices round by it.
  const usable = ids.map((_, i) => i).filter((i) => !broken.has(i));
  const outputs = await run(sampled, batch, chunk, draw, signal);
  const passes = [outputs];
  if (labels !== undefined && sampled !== deterministic) {
    passes.push(await run(deterministic, batch, chunk, undefined, signal));
  }
  const notFinite = notFiniteRows(passes, usable);
  const whole = usable.filter((i) => !notFinite.has(i));
  if (whole.length === 0) {
    if (first === 0) throw nothingFinite(usable[0] as number, notFinite);
    return { ...none, broken: notFinite };
  }
  const samples = sampled.fellBack ? 'marginal' : 'joint';
  const [predictions, alone] = passes.map(
    (pass): Predictions => ({
      ...withClassesFirst(keepRows(pass, whole), classAxis),
      kind,
      samples,
    }),
  ) as [Predictions, Predictions?];
  const scores = heuristic.getUncertainties(predictions);
  if (scores.length !== whole.length) {
    throw new ShapeError(
      `score: the model gives ${scores.length / whole.length} scores a row, expected 1; choose how to bring them together with --reduction mean, max, min or sum`,
    );
  }
  if (labels !== undefined) {
    checkLabels(
      predictions,
      whole.map((i) => labels[i] ?? null),
      (j) => first + (whole[j] as number),
    );
  }
  const averages = outcomesOf(predictions);
  const single = labels === undefined ? undefined : outcomesOf(alone ?? predictions);
  const byRow = new Map(
    whole.map((i, j) => [
      i,
      {
        score: scores[j] as number,
        ...averages?.(j),
        ...(single === undefined ? {} : { deterministic: single(j).prediction }),
      },
    ]),
  );
  return { byRow, broken: notFinite };
}

/** Among `rows` those that a pass of the model has no finite prediction for, and why. */
function notFiniteRows(
  passes: readonly BatchPrediction[],
  rows: readonly number[],
): ReadonlyMap<number, string> {
  const found = new Map<number, string>();
  for (const { data, shape } of passes) {
    const perRow = sizeOf(shape.slice(1));
    for (const i of rows) {
      let at = i * perRow;
      while (at < (i + 1) * perRow && Number.isFinite(data[at])) at++;
      if (at < (i + 1) * perRow) found.set(i, `the prediction is ${data[at]}`);
    }
  }
  return found;
}

/** Where not one row is right at the beginning, it is not the rows. */
function nothingFinite(row: number, reasons: ReadonlyMap<number, string>): DataError {
  return new DataError(
    `score: row ${row}: ${reasons.get(row)}, and those beside it are no better, expected finite numbers; check --scale, --mean and --std, or the weights of the model`,
  );
}

/** Some rows of predictions; the predictions themselves where these are all. */
function keepRows({ data, shape }: BatchPrediction, rows: readonly number[]): BatchPrediction {
  const [n = 0, ...rest] = shape;
  if (rows.length === n) return { data, shape };
  const perRow = sizeOf(rest);
  const kept = new Float32Array(rows.length * perRow);
  for (const [j, i] of rows.entries()) {
    kept.set(data.subarray(i * perRow, (i + 1) * perRow), j * perRow);
  }
  return { data: kept, shape: [rows.length, ...rest] };
}

/**
 * What fails while the model runs may be the machine as well as the values, so it is never a DataError, which
 * would cost the rows that are done.
 *
 * @throws StateError with what the runtime says, e.g. of ids past its words or of memory that it did not get.
 */
async function run(
  predictor: Predictor,
  batch: Readonly<Record<string, TensorData>>,
  { first, ids }: PoolChunk,
  draw: ChunkWork['draw'],
  signal: AbortSignal,
): Promise<BatchPrediction> {
  try {
    return await predictor.predict(batch, ids.length, draw, first, signal);
  } catch (cause) {
    if (signal.aborted || (cause instanceof BaalError && !(cause instanceof DataError)))
      throw cause;
    const [reason] = (cause as Error).message.split('\n');
    throw new StateError(
      `score: the model cannot be run on rows ${first} to ${first + ids.length - 1}, expected values that it takes, ` +
        `got: ${reason}; check what its inputs are fed with; if it was the machine, the same command goes on`,
      { cause },
    );
  }
}

/** Outputs `[n, K, ...]` with the classes on axis 2; `axis` counts as in the output of the model. */
function withClassesFirst({ data, shape }: BatchPrediction, axis: number): BatchPrediction {
  const place = axis < 0 ? shape.length + axis : axis + 1;
  if (place >= 2 && place < shape.length) return classesFirst(data, shape, place);
  throw new ConfigError(
    `--class-axis: the output has no axis ${axis} behind the batch, expected one from 1 to ${shape.length - 2}, or from -1 down`,
  );
}

/** A wrong column, or another numbering, would pass for a bad model. */
function checkLabels(
  { kind, shape }: Predictions,
  labels: readonly (number | null)[],
  rowOf: (j: number) => number,
): void {
  const [, , C = 1, ...space] = shape;
  const binary = kind === 'sigmoidLogits' || kind === 'sigmoidProbabilities';
  if (kind === 'values' || space.length > 0 || (binary && C > 1)) {
    throw new ConfigError(
      `score: accuracy is the share of right classes, expected a model that gives one class a row, got ${kind} [${shape.slice(2).join(', ')}]; leave --label and --labels out`,
    );
  }
  const classes = binary ? 2 : C;
  const wrong = labels.findIndex((label) => label !== null && label >= classes);
  if (wrong === -1) return;
  throw new DataError(
    `score: row ${rowOf(wrong)} has the label ${labels[wrong]}, expected a class from 0 to ${classes - 1}, as many as the model has`,
  );
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
