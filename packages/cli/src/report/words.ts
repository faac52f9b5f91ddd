import type { FactorResult, LevelResult, SavedResult } from '../run/results.ts';

/** 0.9 as `90%`. */
export function percent(share: number, digits = 0): string {
  return `${(100 * share).toFixed(digits)}%`;
}

/** Labels needed for a level: the mean over seeds, or more than were labelled. */
export function labelsTo(level: LevelResult): string {
  return level.mean === null ? `> ${level.last}` : plain(level.mean);
}

/** Labels saved against Random with their interval, or a dash where nothing can be compared. */
export function savedText(saved: SavedResult | undefined): string {
  if (saved === undefined || saved.mean === null) return '–';
  return `${plain(saved.mean)}${interval(saved, plain)}`;
}

/** A data-saving factor with its interval, e.g. `1.24 [1.02, 1.51]`; a dash where nothing can be compared. */
export function factorText(factor: FactorResult): string {
  if (factor.factor === null) return '–';
  return `${ratio(factor.factor)}${interval(factor, ratio)}`;
}

/** Behind a figure that only some of the paired seeds have: ` in 2 of 6`; nothing where all or none have it. */
export function ofSeeds({ seeds }: { readonly seeds: number }, all: number): string {
  return seeds === 0 || seeds >= all ? '' : ` in ${seeds} of ${all}`;
}

/** A difference of two accuracies in percentage points, e.g. `+2.1`. */
export function points(difference: number): string {
  const text = (100 * difference).toFixed(1);
  return difference > 0 ? `+${text}` : text.replace('-0.0', '0.0');
}

/** An interval in brackets after a space; nothing where there is none. */
export function interval(
  { low, high }: { readonly low: number | null; readonly high: number | null },
  show: (value: number) => string,
): string {
  return low === null || high === null ? '' : ` [${show(low)}, ${show(high)}]`;
}

/** A p-value to 3 digits; a dash where no test could be made. */
export function pText(p: number | null): string {
  if (p === null) return '–';
  return p < 0.001 ? '< 0.001' : String(Number(p.toPrecision(3)));
}

/** A p-value in a sentence: `p = 0.02`. */
export function pWords(p: number | null): string {
  return p !== null && p < 0.001 ? 'p < 0.001' : `p = ${pText(p)}`;
}

/** `a, b and c`. */
export function listed(words: readonly string[]): string {
  if (words.length < 2) return words.join('');
  return `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}

/** A number of labels to one digit. */
export function plain(value: number): string {
  return String(Math.round(value * 10) / 10);
}

/** Two seeds may have intervals over many powers of ten, of which nobody wants the digits. */
function ratio(value: number): string {
  if (value < 0.01) return '< 0.01';
  return value >= 100 ? '> 100' : value.toFixed(2);
}
