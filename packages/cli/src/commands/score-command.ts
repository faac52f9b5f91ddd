import { ConfigError, DataError } from '@baal/core';
import { exitCodes } from '../errors.ts';
import { openPool } from '../score/open-pool.ts';
import type { Pool } from '../score/pool.ts';
import type { ScoreOptions } from '../score/score-options.ts';
import { openScoreOutput, type ScoreOutput } from '../score/score-output.ts';
import { scoreRows } from '../score/score-rows.ts';
import { type ScoreSummary, SummaryBuilder } from '../score/score-summary.ts';
import { scoresTarget } from '../score/score-target.ts';
import { scoreWork } from '../score/score-work.ts';
import { openScoringModel, readScoringGraph, type ScoringModel } from '../score/scoring-model.ts';
import type { Frame } from '../terminal/live-screen.ts';
import { oneLine } from '../terminal/printable.ts';
import { formatTable } from '../terminal/table.ts';
import type { Context } from './context.ts';

/** `baal score MODEL DATA`: the uncertainty of every row of a pool. Resolves to the exit code. */
export async function scoreCommand(
  modelPath: string,
  dataPath: string | undefined,
  options: ScoreOptions,
  context: Context,
): Promise<number> {
  const { signal, killSignal } = context;
  // Every line that is written is vouched for: there is nothing to wind up.
  killSignal.addEventListener('abort', () => context.exit(exitCodes.interrupted));
  const graph = readScoringGraph(modelPath, options);
  const pool = await openPool(modelPath, dataPath, graph.inputs, options);
  const read = [...graph.files, ...Object.values(pool.files)];
  const out = options.out === undefined ? undefined : scoresTarget(options.out, read);
  const model = await openScoringModel(graph, pool.shapes, options);
  let summary: ScoreSummary | undefined;
  try {
    const output =
      out === undefined
        ? undefined
        : await openScoreOutput(
            context.files,
            out,
            await scoreWork(graph, pool, model, options, signal),
            signal,
          );
    summary = await score(pool, model, output, options, context);
  } catch (error) {
    if (!signal.aborted) throw error;
    context.complain('baal: interrupted before the first row, nothing was changed');
  } finally {
    await model.dispose();
  }
  if (summary === undefined) return exitCodes.interrupted;
  if (options.json === true) {
    const { heuristic, iterations, seed } = options;
    const { notes } = model;
    const about = { format: 'baal-scores', version: 1, model: modelPath, data: dataPath ?? null };
    const whole = { ...about, heuristic, iterations, seed, notes, ...summary };
    context.terminal.line(JSON.stringify(whole, null, 2));
  } else {
    for (const line of summaryLines(summary, model, options)) context.terminal.line(line);
  }
  return exitCodes.ok;
}

/**
 * What is wrong with data or a setting has to be mended: then the work is another one. A disk may come back, and
 * so may a machine that could not run the model, which is no DataError.
 */
function hasToBeMended(error: unknown): boolean {
  if (!(error instanceof DataError || error instanceof ConfigError)) return false;
  return (error.cause as NodeJS.ErrnoException | undefined)?.code === undefined;
}

/** What is known of all rows; undefined if the user has stopped it, which was told. */
async function score(
  pool: Pool,
  model: ScoringModel,
  output: ScoreOutput | undefined,
  options: ScoreOptions,
  { signal, terminal, makeFrame, complain }: Context,
): Promise<ScoreSummary | undefined> {
  const summary = new SummaryBuilder(options.top);
  const total = pool.length === undefined ? '' : ` of ${pool.length}`;
  const start = output?.rows ?? 0;
  let done = start;
  let frame: Frame | undefined;
  try {
    if (start > 0) {
      complain(`baal: going on after ${start}${total} rows of ${options.out}`);
      for await (const row of output?.earlier() ?? []) {
        signal.throwIfAborted();
        summary.add(row);
      }
    }
    frame = terminal.isTerminal ? makeFrame() : undefined;
    for await (const rows of scoreRows(pool, model, { score: options, signal, start })) {
      for (const row of rows) summary.add(row);
      output?.add(rows);
      done += rows.length;
      frame?.draw(`${done}${total} rows scored`);
    }
    if (done === 0) {
      const [file] = Object.values(pool.files);
      throw new DataError(`${file}: there are no rows, expected at least one to score`);
    }
    output?.finish();
  } catch (error) {
    const interrupted = signal.aborted;
    if (done === 0 || (!interrupted && hasToBeMended(error))) output?.discard();
    else output?.keep();
    if (!interrupted) throw error;
    complain(
      done === 0 || output === undefined
        ? `baal: interrupted, nothing was written${output === undefined ? '; --out FILE would keep what is done' : ''}`
        : `baal: interrupted after ${done}${total} rows; the same command goes on there`,
    );
    return undefined;
  } finally {
    frame?.done();
  }
  return summary.build();
}

/** A score with four places, or with three digits where it is smaller than they can show. */
function digits(value: number | null | undefined): string {
  if (value === null || value === undefined) return '–';
  return value === 0 || Math.abs(value) >= 0.001 ? value.toFixed(4) : value.toPrecision(3);
}

function summaryLines(
  summary: ScoreSummary,
  { notes, sampled, deterministic }: ScoringModel,
  { heuristic, out }: ScoreOptions,
): readonly string[] {
  const { rows, scored, accuracy, brokenCount, broken, top } = summary;
  const percent = (share: number): string => `${(100 * share).toFixed(1)}%`;
  const spread = `${heuristic}: mean ${digits(summary.meanScore)}, from ${digits(summary.lowest)} to ${digits(summary.highest)}`;
  const lines = [
    `${scored} of ${rows} rows scored; ${spread}`,
    ...notes.map((note) => `Note: ${note}`),
  ];
  if (brokenCount > 0) {
    const first = broken.slice(0, 5).map(({ row, id, reason }) => {
      const name = id === `${row}` ? '' : `${oneLine(id)}: `;
      return `row ${row} (${name}${oneLine(reason)})`;
    });
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
      oneLine(item.id),
      digits(item.score),
      item.prediction === undefined ? '–' : String(Number(item.prediction.toPrecision(4))),
      item.confidence === undefined ? '–' : percent(item.confidence),
    ]);
    lines.push('', ...formatTable(['label next', 'score', 'prediction', 'confidence'], table));
  }
  if (out !== undefined) lines.push('', `Scores: ${out}`);
  return lines;
}
