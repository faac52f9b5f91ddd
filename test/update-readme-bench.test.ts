import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { benchTable, withBenchTable } from '../scripts/update-readme-bench.mjs';
import { root } from './source-files.ts';

it('writes one line a row, with what was not measured left open', () => {
  const rows = [
    { name: 'step', ours: 98.76, other: 123.4, unit: 'ms', ratio: 0.80032, target: 1.3, met: true },
    { name: 'a|b', ours: 5, other: null, unit: 'ms', ratio: null, met: null, note: 'skipped' },
  ];
  expect(benchTable(rows).split('\n').slice(2)).toEqual([
    '| step | 98.8 ms | 123 ms | 0.8 | 1.3 | yes |  |',
    '| a\\|b | 5 ms | – | – | – | – | skipped |',
    '',
  ]);
});

it('replaces what is between the marks, and only that', () => {
  const text = 'a\n<!-- bench:start -->\nold\n<!-- bench:end -->\nb\n';
  const once = withBenchTable(text, [{ name: '$&' }]);
  expect(once).toMatch(/^a\n<!-- bench:start -->\n\| \| ours[\s\S]*\n<!-- bench:end -->\nb\n$/);
  expect(once).toContain('| $& |');
  expect(once).not.toContain('old');
  expect(withBenchTable(once, [{ name: '$&' }])).toBe(once);
  expect(() => withBenchTable('a', [])).toThrow('bench:start');
});

it('finds its place in the README', () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  expect(() => withBenchTable(readme, [])).not.toThrow();
});
