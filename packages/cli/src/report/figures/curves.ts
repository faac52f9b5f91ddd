import * as Plot from '@observablehq/plot';
import type { CurvePoint } from '../../run/results.ts';
import { commonOptions, draw } from '../draw.ts';
import { percent } from '../words.ts';
import { bandOf } from './band.ts';

/** A curve over seeds, and how it looks. */
export interface CurveSeries {
  /** What it is of, for those who point at it. No two are the same. */
  readonly name: string;
  /** A CSS colour. */
  readonly colour: string;
  /** Dashes and gaps in pixels, e.g. `7 4`; a solid line if not given. */
  readonly dashes?: string;
  /** Mean and spread by labels. */
  readonly points: readonly CurvePoint[];
  /** Each seed by itself, drawn thin; none if empty. */
  readonly seeds: readonly (readonly { readonly labelled: number; readonly value: number }[])[];
}

interface Row extends CurvePoint {
  /** The band as far as it is drawn. */
  readonly bandLow: number;
  readonly bandHigh: number;
  readonly colour: string;
  readonly name: string;
}

/** Options of {@link drawCurves}. */
export interface CurveOptions {
  readonly height: number;
  /** Lowest and highest value that the figure shows. */
  readonly range: readonly [number, number];
  /** The axis of the values. */
  readonly y: Plot.ScaleOptions;
}

/** Curves by number of labels: for each its band, its seeds, and its mean as a line with dots. */
export function drawCurves(
  label: string,
  series: readonly CurveSeries[],
  { height, range, y }: CurveOptions,
): string {
  const bands = series.map((one) => Plot.areaY(curveRows(one, range), bandChannels));
  const seeds = series.flatMap(({ seeds, colour, dashes }) =>
    seeds.map((points) => {
      const look = { stroke: colour, strokeWidth: 0.8, strokeOpacity: 0.45 };
      return Plot.lineY(points, { x: 'labelled', y: 'value', ...look, ...dashed(dashes) });
    }),
  );
  const means = series.flatMap((one) => {
    const rows = curveRows(one, range);
    const look = { stroke: one.colour, strokeWidth: 2.4, ...dashed(one.dashes) };
    // Hollow dots go with dashes: two looks that also differ in print.
    const fill = one.dashes === undefined ? one.colour : 'var(--surface)';
    return [
      Plot.lineY(rows, { x: 'labelled', y: 'mean', ...look }),
      Plot.dot(rows, { ...dotChannels, fill, stroke: one.colour }),
    ];
  });
  return draw(label, {
    ...commonOptions,
    width: 860,
    height,
    x: { label: 'labelled items', grid: false, nice: true },
    y,
    marks: [...bands, ...seeds, ...means],
  });
}

const bandChannels = {
  x: 'labelled',
  y1: 'bandLow',
  y2: 'bandHigh',
  fill: 'colour',
  fillOpacity: 0.14,
} as const;

const dotChannels = { x: 'labelled', y: 'mean', r: 3, title: tooltip } as const;

function dashed(dashes: string | undefined): { readonly strokeDasharray?: string } {
  return dashes === undefined ? {} : { strokeDasharray: dashes };
}

function curveRows(
  { points, colour, name }: CurveSeries,
  [lowest, highest]: readonly [number, number],
): readonly Row[] {
  return points.map((point) => {
    const [low, high] = bandOf(point);
    const band = { bandLow: Math.max(lowest, low), bandHigh: Math.min(highest, high) };
    return { ...point, ...band, colour, name };
  });
}

function tooltip(row: Row): string {
  const band = `${percent(row.bandLow, 1)} to ${percent(row.bandHigh, 1)}`;
  return `${row.name}, ${row.labelled} labels: ${percent(row.mean, 1)} (${band}, ${row.seeds} seeds)`;
}
