import * as Plot from '@observablehq/plot';
import type { CurvePoint, Results } from '../../run/results.ts';
import { commonOptions, draw } from '../draw.ts';
import type { StrategyLook } from '../strategy-colours.ts';

interface Row extends CurvePoint {
  readonly colour: string;
  readonly heuristic: string;
}

/** Accuracy by number of labels: mean and interval over seeds, each seed as a thin line. */
export function learningCurves(results: Results, looks: readonly StrategyLook[]): string {
  const rows = curveRows(results, looks, 'accuracy');
  const seeds = results.cells.flatMap((cell) => {
    const colour = looks.find((look) => look.name === cell.heuristic)?.colour ?? 'currentColor';
    return cell.rounds.map((round) => ({
      ...round,
      colour,
      cell: `${cell.heuristic}/${cell.seed}`,
    }));
  });
  return draw('Test accuracy by number of labels', {
    ...commonOptions,
    width: 860,
    height: 420,
    x: { label: 'labelled items', grid: false, nice: true },
    y: {
      label: 'test accuracy',
      percent: true,
      grid: true,
      nice: true,
      tickFormat: (d) => `${d}%`,
    },
    marks: [
      Plot.areaY(rows, {
        x: 'labelled',
        y1: 'low',
        y2: 'high',
        z: 'heuristic',
        fill: 'colour',
        fillOpacity: 0.16,
      }),
      Plot.lineY(seeds, {
        x: 'labelled',
        y: 'accuracy',
        z: 'cell',
        stroke: 'colour',
        strokeWidth: 0.8,
        strokeOpacity: 0.45,
      }),
      Plot.lineY(rows, {
        x: 'labelled',
        y: 'mean',
        z: 'heuristic',
        stroke: 'colour',
        strokeWidth: 2.4,
      }),
      Plot.dot(rows, { x: 'labelled', y: 'mean', fill: 'colour', r: 3, title: tooltip }),
    ],
  });
}

/** Expected calibration error by number of labels. */
export function calibrationCurves(results: Results, looks: readonly StrategyLook[]): string {
  const rows = curveRows(results, looks, 'ece');
  return draw('Expected calibration error by number of labels', {
    ...commonOptions,
    width: 860,
    height: 300,
    x: { label: 'labelled items', nice: true },
    y: {
      label: 'expected calibration error',
      percent: true,
      grid: true,
      zero: true,
      nice: true,
      tickFormat: (d) => `${d}%`,
    },
    marks: [
      Plot.areaY(rows, {
        x: 'labelled',
        y1: 'low',
        y2: 'high',
        z: 'heuristic',
        fill: 'colour',
        fillOpacity: 0.16,
      }),
      Plot.lineY(rows, {
        x: 'labelled',
        y: 'mean',
        z: 'heuristic',
        stroke: 'colour',
        strokeWidth: 2.4,
      }),
      Plot.dot(rows, { x: 'labelled', y: 'mean', fill: 'colour', r: 3, title: tooltip }),
    ],
  });
}

function curveRows(
  results: Results,
  looks: readonly StrategyLook[],
  figure: 'accuracy' | 'ece',
): readonly Row[] {
  return looks.flatMap(({ name, colour }) => {
    const strategy = results.strategies.find((s) => s.heuristic === name);
    return (strategy?.[figure] ?? []).map((point) => ({
      ...point,
      low: Math.max(0, point.low),
      high: Math.min(1, point.high),
      colour,
      heuristic: name,
    }));
  });
}

function tooltip(row: Row): string {
  const percent = (x: number): string => `${(100 * x).toFixed(1)}%`;
  return `${row.heuristic}, ${row.labelled} labels: ${percent(row.mean)} (${percent(row.low)} to ${percent(row.high)}, ${row.seeds} seeds)`;
}
