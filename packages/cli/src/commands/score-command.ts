import { ShapeError } from '@baal/core';
import { type OpenRowsOptions, openRows, type RowSource } from '@baal/datasets';
import { sizeOf } from '@baal/onnx';
import { exitCodes } from '../errors.ts';
import { scoreFile } from '../score/score-file.ts';
import type { ScoreOptions } from '../score/score-options.ts';
import { scoreRows } from '../score/score-rows.ts';
import { type ScoreSummary, SummaryBuilder } from '../score/score-summary.ts';
import { openScoringModel, type ScoringModel } from '../score/scoring-model.ts';
import { formatTable } from '../terminal/table.ts';
import type { Context } from './context.ts';

/** `baal score MODEL DATA`: the uncertainty of every row of a pool. Resolves to the exit code. */
export async function scoreCommand(
  modelPath: string,
  dataPath: string,
  options: ScoreOptions,
  context: Context,
): Promise<number> {
  const source = await openRows(dataPath, rowsOptions(options));
  const labels = options.labels === undefined ? undefined : await openRows(options.labels);
  const model = await openScoringModel(modelPath, shapeOf(dataPath, source, options), options);
  let summary: ScoreSummary;
  try {
    summary = await score(source, labels, model, options, context);
  } catch (error) {
    if (!context.signal.aborted) throw error;
    context.complain('baal: interrupted, nothing was written');
    return exitCodes.interrupted;
  } finally {
    await model.dispose();
  }
  if (options.json === true) {
    const { heuristic, iterations, seed } = options;
    const { notes } = model;
    const about = { format: 'baal-scores', version: 1, model: modelPath, data: dataPath };
    const whole = { ...about, heuristic, iterations, seed, notes, ...summary };
    context.terminal.line(JSON.stringify(whole, null, 2));
  } else {
    for (const line of summaryLines(summary, model, options)) context.terminal.line(line);
  }
  return exitCodes.ok;
}

/** The shape that rows are given; it may have other axes than the file, not other values. */
function shapeOf(
  path: string,
  { inputShape }: RowSource,
  { shape }: ScoreOptions,
): readonly number[] {
  if (shape === undefined || sizeOf(shape) === sizeOf(inputShape)) return shape ?? inputShape;
  throw new ShapeError(
    `--shape: does not fit ${path}, expected the ${sizeOf(inputShape)} values of [${inputShape.join(', ')}], got [${shape.join(', ')}]`,
  );
}

function rowsOptions(options: ScoreOptions): OpenRowsOptions {
  const { header, delimiter, id, label, columns, shape } = options;
  return {
    ...(header === undefined ? {} : { header }),
    ...(delimiter === undefined ? {} : { delimiter }),
    ...(id === undefined ? {} : { idColumn: id }),
    ...(label === undefined ? {} : { labelColumn: label }),
    ...(columns === undefined ? {} : { columns }),
    ...(shape === undefined ? {} : { inputShape: shape }),
  };
}

async function score(
  source: RowSource,
  labels: RowSource | undefined,
  model: ScoringModel,
  options: ScoreOptions,
  { signal, terminal, makeFrame }: Context,
): Promise<ScoreSummary> {
  const summary = new SummaryBuilder(options.top);
  const file = options.out === undefined ? undefined : scoreFile(options.out);
  const frame = terminal.isTerminal ? makeFrame() : undefined;
  const total = source.length === undefined ? '' : ` of ${source.length}`;
  let done = 0;
  try {
    const rows = scoreRows(source, model, { score: options, signal, ...(labels && { labels }) });
    for await (const chunk of rows) {
      for (const row of chunk) summary.add(row);
      await file?.add(chunk);
      done += chunk.length;
      frame?.draw(`${done}${total} rows scored`);
    }
    await file?.finish();
  } catch (error) {
    await file?.discard();
    throw error;
  } finally {
    frame?.done();
  }
  return summary.build();
}

function summaryLines(
  summary: ScoreSummary,
  { notes, sampled, deterministic }: ScoringModel,
  { heuristic, out }: ScoreOptions,
): readonly string[] {
  const { rows, scored, accuracy, brokenCount, broken, top } = summary;
  const digits = (value: number | null | undefined): string => value?.toFixed(4) ?? '–';
  const percent = (share: number): string => `${(100 * share).toFixed(1)}%`;
  const spread = `${heuristic}: mean ${digits(summary.meanScore)}, from ${digits(summary.lowest)} to ${digits(summary.highest)}`;
  const lines = [
    `${scored} of ${rows} rows scored; ${spread}`,
    ...notes.map((note) => `Note: ${note}`),
  ];
  if (brokenCount > 0) {
    const first = broken.slice(0, 5).map(({ row, reason }) => `row ${row} (${reason})`);
    const more = brokenCount > 5 ? ` and ${brokenCount - 5} more` : '';
    lines.push(`Not scored: ${first.join(', ')}${more}`);
  }
  if (accuracy !== undefined) {
    const average =
      sampled === deterministic
        ? ''
        : `, ${percent(accuracy.average)} by the average of the samples`;
    lines.push(
      `Accuracy on ${accuracy.labelled} labelled rows: ${percent(accuracy.deterministic)} in one deterministic pass${average}`,
    );
  }
  if (top.length > 0) {
    const table = top.map((item) => [
      item.id,
      digits(item.score),
      item.prediction === undefined ? '–' : String(Number(item.prediction.toPrecision(4))),
      item.confidence === undefined ? '–' : percent(item.confidence),
    ]);
    lines.push('', ...formatTable(['label next', 'score', 'prediction', 'confidence'], table));
  }
  if (out !== undefined) lines.push('', `Scores: ${out}`);
  return lines;
}
