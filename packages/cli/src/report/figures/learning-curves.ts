import * as Plot from '@observablehq/plot';
import type { CurvePoint, Results } from '../../run/results.ts';
import { commonOptions, draw } from '../draw.ts';
import type { StrategyLook } from '../strategy-colours.ts';
import { bandOf } from './band.ts';

interface Row extends CurvePoint {
  /** The band as far as it is drawn. */
  readonly bandLow: number;
  readonly bandHigh: number;
  readonly colour: string;
  readonly heuristic: string;
}

/** Accuracy by number of labels: mean and band over seeds, each seed as a thin line. */
export function learningCurves(results: Results, looks: readonly StrategyLook[]): string {
  const lowest = Math.min(1, ...results.cells.flatMap((c) => c.rounds.map((r) => r.accuracy)));
  // From the lowest seed up: an interval may be wider than all curves.
  const range = [Math.floor(10 * lowest) / 10, 1] as const;
  const rows = curveRows(results, looks, 'accuracy', range);
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
      domain: range.map((share) => 100 * share),
      ticks: 6,
      tickFormat: (d) => `${d}%`,
    },
    marks: [
      Plot.areaY(rows, {
        x: 'labelled',
        y1: 'bandLow',
        y2: 'bandHigh',
        z: 'heuristic',
        fill: 'colour',
        fillOpacity: 0.14,
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
  const means = results.strategies.flatMap((s) => s.ece.map((point) => point.mean));
  // The same here: the highest mean sets the scale, not its interval.
  const range = [0, Math.ceil(50 * Math.max(0.02, ...means) + 0.5) / 50] as const;
  const rows = curveRows(results, looks, 'ece', range);
  return draw('Expected calibration error by number of labels', {
    ...commonOptions,
    width: 860,
    height: 300,
    x: { label: 'labelled items', nice: true },
    y: {
      label: 'expected calibration error',
      percent: true,
      grid: true,
      domain: range.map((share) => 100 * share),
      ticks: 6,
      tickFormat: (d) => `${d}%`,
    },
    marks: [
      Plot.areaY(rows, {
        x: 'labelled',
        y1: 'bandLow',
        y2: 'bandHigh',
        z: 'heuristic',
        fill: 'colour',
        fillOpacity: 0.14,
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
  [lowest, highest]: readonly [number, number],
): readonly Row[] {
  return looks.flatMap(({ name, colour }) => {
    const strategy = results.strategies.find((s) => s.heuristic === name);
    return (strategy?.[figure] ?? []).map((point) => {
      const [low, high] = bandOf(point);
      const bandLow = Math.max(lowest, low);
      return { ...point, bandLow, bandHigh: Math.min(highest, high), colour, heuristic: name };
    });
  });
}

function tooltip(row: Row): string {
  const percent = (x: number): string => `${(100 * x).toFixed(1)}%`;
  return `${row.heuristic}, ${row.labelled} labels: ${percent(row.mean)} (${percent(row.bandLow)} to ${percent(row.bandHigh)}, ${row.seeds} seeds)`;
}
