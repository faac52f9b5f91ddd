import { evidenceLine } from '../report/evidence.ts';
import { headline } from '../report/headline.ts';
import { strategyNames } from '../report/strategy-names.ts';
import { labelsTo, ofSeeds, percent, savedText } from '../report/words.ts';
import type { ComparisonResult } from '../run/comparison.ts';
import type { Results, StrategyResult } from '../run/results.ts';
import type { Paint } from './colours.ts';
import { plotLines } from './plot.ts';
import { formatTable } from './table.ts';

/** What an experiment found, for a terminal of 80 columns or more: tables, then the curves. */
export function summaryLines(results: Results, paint: Paint): readonly string[] {
  const { strategies, config, comparison } = results;
  const nameOf = strategyNames(config);
  const rows = strategies.map((s) => [nameOf(s.heuristic)] as const);
  const widest = Math.max(...rows.map(([name]) => name.length));
  const columns = labelColumns(strategies, Math.max(2, Math.min(7, Math.floor((72 - widest) / 8))));
  if (columns.length === 0) return ['No round is finished yet.'];
  const levels = strategies[0]?.labelsTo.map((level) => percent(level.level)) ?? [];
  const saved = strategies.filter((s) => s.saved !== undefined);
  const seeds = config.seeds.length;
  const evidence = evidenceLine(results);
  const interval =
    seeds > 1 ? ` [${percent(results.confidence)} interval over ${seeds} paired seeds]` : '';
  return [
    paint('bold', `Test accuracy by labels (mean over ${seeds} ${seeds === 1 ? 'seed' : 'seeds'})`),
    ...formatTable(
      ['', ...columns.map(String), ...(comparison === null ? [] : ['area'])],
      strategies.map((s, i) => [
        ...(rows[i] ?? []),
        ...columns.map((labels) => accuracyAt(s, labels)),
        ...(comparison === null ? [] : [areaOf(comparison, s.heuristic)]),
      ]),
    ),
    '',
    paint('bold', 'Labels to reach a test accuracy'),
    ...formatTable(
      ['', ...levels],
      strategies.map((s) => [nameOf(s.heuristic), ...s.labelsTo.map(labelsTo)]),
    ),
    ...(saved.length === 0
      ? []
      : [
          '',
          paint('bold', `Labels saved against Random${interval}`),
          ...formatTable(
            ['', ...levels],
            saved.map((s) => [
              nameOf(s.heuristic),
              ...(s.saved ?? []).map((one) => savedText(one) + ofSeeds(one, seeds)),
            ]),
          ),
        ]),
    '',
    ...plotLines(
      strategies.map((s) => ({
        name: nameOf(s.heuristic),
        points: s.accuracy.map(({ labelled, mean }) => ({ x: labelled, y: mean })),
      })),
      { width: 80, height: 14, yLabel: 'accuracy', xLabel: 'labels', paint },
    ),
    '',
    headline(results),
    ...(evidence === '' ? [] : [evidence]),
  ];
}

/** At most `count` label numbers, evenly spread over those that the curves have, first and last included. */
function labelColumns(strategies: readonly StrategyResult[], count: number): readonly number[] {
  const all = [...new Set(strategies.flatMap((s) => s.accuracy.map((p) => p.labelled)))].sort(
    (a, b) => a - b,
  );
  if (all.length <= count) return all;
  const picks = Array.from(
    { length: count },
    (_, i) => all[Math.round((i * (all.length - 1)) / (count - 1))] as number,
  );
  return [...new Set(picks)];
}

/** Mean height of the curves, where the strategy is compared. */
function areaOf({ areas }: ComparisonResult, heuristic: string): string {
  const area = areas.find((a) => a.heuristic === heuristic);
  return area === undefined ? '–' : percent(area.mean, 1);
}

/** With other query sizes there are points elsewhere: on the line between two of them, marked so. */
function accuracyAt({ accuracy }: StrategyResult, labels: number): string {
  const next = accuracy.findIndex((point) => point.labelled >= labels);
  const [before, after] = [accuracy[next - 1], accuracy[next]];
  if (after === undefined) return '–';
  if (after.labelled === labels) return percent(after.mean, 1);
  if (before === undefined) return '–';
  const share = (labels - before.labelled) / (after.labelled - before.labelled);
  return `~${percent(before.mean + share * (after.mean - before.mean), 1)}`;
}
