import { ConfigError, DataError } from '@baal/core';
import { describe, expect, it } from 'vitest';
import { sampleResults } from '../../test/sample-results.ts';
import type { MnistConfig } from '../config/config.ts';
import type { Results } from '../run/results.ts';
import { checkComparable } from './check-comparable.ts';
import type { ComparedRun } from './compared-run.ts';

const data = { 'train.images': { bytes: 3, sha256: 'a'.repeat(64) } };
const results = sampleResults();
const run = (changes: Partial<ComparedRun> = {}): ComparedRun => ({
  ...{ label: 'x', directory: 'runs/x', results, environment: {}, data },
  ...changes,
});
const withDataset = (results: Results, changes: Partial<MnistConfig>): Results => {
  const dataset = { ...(results.config.dataset as MnistConfig), ...changes };
  return { ...results, config: { ...results.config, dataset } };
};
/** Evaluated on so many test items. */
const evaluated = (items: number): Results => ({
  ...withDataset(results, { test: items }),
  cells: results.cells.map((cell) => ({
    ...cell,
    reliability: { count: [items - 1, 1], confidence: [0, 1], accuracy: [0, 1] },
  })),
});

describe('checkComparable', () => {
  it('lets settings differ, and a limit that leaves nothing out', () => {
    checkComparable([run(), run({ results: withDataset(results, { train: 100, scale: 'raw' }) })]);
    checkComparable([run(), run({ results: withDataset(results, { test: 10_000 }) })]);
  });

  it.each([
    ['other bytes', { 'train.images': { bytes: 3, sha256: 'b'.repeat(64) } }, 'bbbbbbbbbbbb'],
    [
      'a file more',
      { ...data, 'test.images': { bytes: 1, sha256: 'c'.repeat(64) } },
      'cccccccccccc',
    ],
    ['a file fewer', {}, 'none here and aaaaaaaaaaaa there'],
  ])('refuses %s', (_, other, shown) => {
    const check = (): void => checkComparable([run(), run({ directory: 'runs/y', data: other })]);
    expect(check).toThrow(DataError);
    expect(check).toThrow('runs/y: cannot be compared with runs/x, expected runs on the same data');
    expect(check).toThrow(shown);
  });

  it('refuses runs that do not say what their data were', () => {
    expect(() => checkComparable([run({ data: null }), run({ data: null })])).toThrow(
      'got the data with SHA-256 none here and none there',
    );
  });

  it('refuses another number of test items, in any of the runs', () => {
    expect(() => checkComparable([run(), run(), run({ results: evaluated(500) })])).toThrow(
      'expected the same test set, got 500 test items here and 10000 there',
    );
  });

  it('refuses a run without a strategy of the first', () => {
    const others = results.strategies.map((s) => ({ ...s, heuristic: `my-${s.heuristic}` }));
    const check = (): void =>
      checkComparable([run(), run({ results: { ...results, strategies: others } })]);
    expect(check).toThrow(ConfigError);
    expect(check).toThrow('expected one of bald, entropy, random, got my-bald, my-entropy');
  });
});
