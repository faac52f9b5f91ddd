import { type Paint, seriesColour } from './colours.ts';

/** A curve of {@link plotLines}. */
export interface Series {
  /** Name for the legend. */
  readonly name: string;
  /** Points by rising x. */
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

/** Options of {@link plotLines}. */
export interface PlotOptions {
  /** Columns in all, axis included. */
  readonly width: number;
  /** Rows of the drawing. */
  readonly height: number;
  /** Title over the y axis. */
  readonly yLabel: string;
  /** Title after the x axis. */
  readonly xLabel: string;
  readonly paint: Paint;
}

/** A braille character is 2 dots wide and 4 high; these are the bits of its dots. */
const dotBits: readonly (readonly number[])[] = [
  [0x01, 0x02, 0x04, 0x40],
  [0x08, 0x10, 0x20, 0x80],
];
/** Dots drawn and left out, so that curves differ without colour: solid, dotted, dashed, sparse. */
const dashes: readonly (readonly [on: number, off: number])[] = [
  [1, 0],
  [1, 2],
  [4, 3],
  [1, 5],
  [7, 2],
];
const axisWidth = 7;

/**
 * Curves as braille dots, one line of text a row, within `width` columns: solid for the first curve,
 * dotted for the second, and so on. Values on the y axis are shares, shown in percent.
 */
export function plotLines(series: readonly Series[], options: PlotOptions): readonly string[] {
  const { width, height, paint } = options;
  const points = series.flatMap((s) => s.points);
  if (points.length === 0) return [];
  const columns = width - axisWidth;
  const x = scale(
    points.map((p) => p.x),
    columns * 2 - 1,
  );
  const y = scale(
    points.flatMap((p) => [Math.floor(20 * p.y) / 20, Math.ceil(20 * p.y) / 20]),
    height * 4 - 1,
  );
  const bits = Array.from({ length: height }, () => new Uint8Array(columns));
  const owner = Array.from({ length: height }, () => new Uint8Array(columns));
  for (const [index, { points: line }] of series.entries()) {
    const [on, off] = dashes[index % dashes.length] as readonly [number, number];
    let step = 0;
    for (const [dotX, dotY] of dotsAlong(line.map((p) => [x.dot(p.x), y.dot(p.y)]))) {
      if (step++ % (on + off) >= on) continue;
      const row = height - 1 - Math.floor(dotY / 4);
      const column = Math.floor(dotX / 2);
      const cells = bits[row] as Uint8Array;
      const bit = dotBits[dotX % 2]?.[3 - (dotY % 4)] as number;
      cells[column] = (cells[column] as number) | bit;
      (owner[row] as Uint8Array)[column] = index;
    }
  }
  // Top, middle and bottom; the middle one only where it falls on a row.
  const ticks = new Map([
    [0, y.high],
    [height - 1, y.low],
    [
      Math.floor(height / 2),
      y.low + ((height - 1 - Math.floor(height / 2)) / (height - 1)) * (y.high - y.low),
    ],
  ]);
  const drawing = bits.map((row, r) => {
    const tick = ticks.get(r);
    const label = tick === undefined ? '' : `${(100 * tick).toFixed(1)}%`;
    const cells = [...row].map((bit, c) =>
      bit === 0
        ? ' '
        : paint(
            seriesColour((owner[r] as Uint8Array)[c] as number),
            String.fromCharCode(0x2800 + bit),
          ),
    );
    return `${label.padStart(axisWidth - 1)}${tick === undefined ? '│' : '┤'}${cells.join('').trimEnd()}`;
  });
  return [
    ...legendLines(series, options),
    ...drawing,
    `${' '.repeat(axisWidth - 1)}└${'─'.repeat(columns)}`,
    xAxis(x.low, x.high, columns, options.xLabel),
  ];
}

/** The title and the names of the curves, on as many lines as it takes. */
function legendLines(
  series: readonly Series[],
  { width, yLabel, paint }: PlotOptions,
): readonly string[] {
  const lines: string[] = [];
  let line = yLabel;
  let length = yLabel.length;
  for (const [i, { name }] of series.entries()) {
    const stroke = ['━━', '┄┄', '╍╍', '··', '──'][i % 5] as string;
    const added = `   ${stroke} ${name}`.length;
    if (length + added > width) {
      lines.push(line);
      line = ' '.repeat(yLabel.length);
      length = yLabel.length;
    }
    line += `   ${paint(seriesColour(i), stroke)} ${name}`;
    length += added;
  }
  return [...lines, line];
}

function scale(
  values: readonly number[],
  dots: number,
): { low: number; high: number; dot(v: number): number } {
  const low = Math.min(...values);
  const high = Math.max(...values);
  const span = high - low || 1;
  return {
    low,
    high,
    dot: (v) => Math.round(((v - low) / span) * dots),
  };
}

/** The dots of the straight lines between corners, each dot once. */
function* dotsAlong(
  corners: readonly (readonly [number, number])[],
): Generator<readonly [number, number]> {
  const [first] = corners;
  if (first !== undefined) yield first;
  for (let i = 1; i < corners.length; i++) {
    const [x0, y0] = corners[i - 1] as readonly [number, number];
    const [x1, y1] = corners[i] as readonly [number, number];
    const steps = Math.max(Math.abs(x1 - x0), Math.abs(y1 - y0));
    for (let s = 1; s <= steps; s++) {
      yield [Math.round(x0 + ((x1 - x0) * s) / steps), Math.round(y0 + ((y1 - y0) * s) / steps)];
    }
  }
}

function xAxis(low: number, high: number, columns: number, label: string): string {
  const middle = String(Math.round((low + high) / 2));
  const end = `${high} ${label}`;
  const start = String(low).padEnd(Math.floor((columns - middle.length) / 2));
  const half = `${start}${middle}`;
  return `${' '.repeat(axisWidth)}${half}${end.padStart(columns - half.length)}`;
}
