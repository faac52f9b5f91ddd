import { encodeJson } from '@baal/core';

/** One setting that two configs do not share. */
export interface Difference {
  /** Where, e.g. `train.epochs`. */
  readonly path: string;
  readonly before: unknown;
  readonly now: unknown;
}

/**
 * The settings in which two configs differ, in the order of their keys. Lists count as one setting; the
 * order of keys means nothing, at any depth.
 */
export function differences(before: unknown, now: unknown, at = ''): readonly Difference[] {
  if (isRecord(before) && isRecord(now)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(now)])];
    return keys.flatMap((key) =>
      differences(before[key], now[key], at === '' ? key : `${at}.${key}`),
    );
  }
  return canonical(before) === canonical(now) ? [] : [{ path: at, before, now }];
}

/** Differences in one line: `train.epochs is 20 there and 30 here`. */
export function differencesText(found: readonly Difference[]): string {
  const show = (value: unknown): string => (value === undefined ? 'absent' : JSON.stringify(value));
  return found
    .map(({ path, before, now }) => `${path} is ${show(before)} there and ${show(now)} here`)
    .join(', ');
}

/** Text that is the same for the same data. */
const canonical = (value: unknown): string =>
  value === undefined ? '' : encodeJson(value, 'sorted');

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
