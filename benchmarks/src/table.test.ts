import { expect, it } from 'vitest';
import { makeRow } from './row.ts';
import { formatTable } from './table.ts';

it('shows times, ratios with the way they are judged, shares in percent, and notes below', () => {
  const table = formatTable([
    makeRow(
      { name: 'fits in', unit: 's', ratio: 'other/ours', gate: 25, aim: 35 },
      { ours: [2000], other: [60_000] },
      'how it was done',
    ),
    makeRow(
      { name: 'share', unit: 'ms', ratio: 'ours/other', gate: 0.01, aim: 0.003 },
      { ours: [2.5], other: [1000] },
      'short',
    ),
    makeRow(
      { name: 'alone', unit: 'ms', ratio: 'ours/other', gate: 1.3, aim: 1 },
      { ours: [7] },
      'skipped: nothing there',
    ),
  ]);
  expect(table.split('\n')).toEqual([
    'row         ours    other   ratio    gate       aim      met',
    '-------  -------  -------  ------  ------  --------  -------',
    'fits in   2.00 s   60.0 s      30   >= 25     >= 35     gate',
    'share    2.50 ms  1000 ms  0.25 %  <= 1 %  <= 0.3 %      aim',
    'alone    7.00 ms        -       -  <= 1.3      <= 1  skipped',
    '',
    '1.  fits in: how it was done',
    '2.  share: short',
    '3.  alone: skipped: nothing there',
  ]);
});
