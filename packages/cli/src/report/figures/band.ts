import type { CurvePoint } from '../../run/results.ts';

/** With fewer seeds, Student's interval is so wide that it hides the curves (12.7 standard errors for two). */
export const enoughSeeds = 5;

/** What the band around a mean shows: the interval of the mean, or all seeds where they are few. */
export function bandOf(point: CurvePoint): readonly [low: number, high: number] {
  return point.seeds < enoughSeeds ? [point.least, point.most] : [point.low, point.high];
}

/** The band in words, for a reader of the figure. */
export function bandWords(seeds: number, confidence: number): string {
  if (seeds === 1) return 'with one seed it is the seed itself';
  return seeds < enoughSeeds
    ? `the band reaches from the lowest to the highest of ${seeds} seeds (too few to draw an interval)`
    : `the band is its ${Math.round(100 * confidence)}% interval over ${seeds} seeds`;
}
