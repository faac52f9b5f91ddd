import type * as Plot from '@observablehq/plot';
import type { Results } from '../../run/results.ts';
import type { StrategyLook } from '../strategy-colours.ts';
import { type CurveSeries, drawCurves } from './curves.ts';

/** Accuracy by number of labels: mean and band over seeds, each seed as a thin line. */
export function learningCurves(results: Results, looks: readonly StrategyLook[]): string {
  return accuracyCurves(looks.map((look) => accuracySeries(results, look)));
}

/** The accuracy of a strategy of a run as a curve. */
export function accuracySeries(results: Results, look: StrategyLook): CurveSeries {
  const cells = results.cells.filter((cell) => cell.heuristic === look.label);
  return {
    ...look,
    points: results.strategies.find((s) => s.heuristic === look.label)?.accuracy ?? [],
    seeds: cells.map(({ rounds }) =>
      rounds.map(({ labelled, accuracy }) => ({ labelled, value: accuracy })),
    ),
  };
}

/** Accuracies by number of labels, whatever they are of. */
export function accuracyCurves(series: readonly CurveSeries[]): string {
  const lowest = Math.min(1, ...series.flatMap(({ points }) => points.map(({ least }) => least)));
  // From the lowest seed up: an interval may be wider than all curves.
  const range = [Math.floor(10 * lowest) / 10, 1] as const;
  const y = percentAxis('test accuracy', range);
  return drawCurves('Test accuracy by number of labels', series, { height: 420, range, y });
}

/** Expected calibration error by number of labels. */
export function calibrationCurves(results: Results, looks: readonly StrategyLook[]): string {
  const series = looks.map(
    (look): CurveSeries => ({
      ...look,
      points: results.strategies.find((s) => s.heuristic === look.label)?.ece ?? [],
      seeds: [],
    }),
  );
  const means = series.flatMap(({ points }) => points.map((point) => point.mean));
  // The same here: the highest mean sets the scale, not its interval.
  const range = [0, Math.ceil(50 * Math.max(0.02, ...means) + 0.5) / 50] as const;
  const y = percentAxis('expected calibration error', range);
  const label = 'Expected calibration error by number of labels';
  return drawCurves(label, series, { height: 300, range, y });
}

function percentAxis(label: string, range: readonly [number, number]): Plot.ScaleOptions {
  const domain = range.map((share) => 100 * share);
  return { label, percent: true, grid: true, domain, ticks: 6, tickFormat: (d) => `${d}%` };
}
