import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { environment } from '../benchmarks/src/environment.ts';
import { makeRow } from '../benchmarks/src/row.ts';
import { benchTable, withBenchTable } from '../scripts/update-readme-bench.mjs';
import { root } from './source-files.ts';

const definition = {
  name: 'step: a|b',
  unit: 'ms',
  ratio: 'ours/other',
  gate: 1.3,
  aim: 1,
} as const;
const share = { name: 'BALD', unit: 's', ratio: 'ours/other', gate: 0.01, aim: 0.003 } as const;
const file = {
  quick: false,
  environment: environment(2, null, 0),
  rows: [
    makeRow(definition, { ours: [98.76], other: [123.4] }, ''),
    makeRow({ ...definition, name: 'alone', ratio: 'other/ours' }, { ours: [5] }, 'skipped'),
    makeRow(share, { ours: [20], other: [4000] }, ''),
  ],
};

it('writes one line a row, with what was not measured left open, and the machine', () => {
  const lines = benchTable(file).split('\n');
  expect(lines.slice(2, 6)).toEqual([
    '| step: a\\|b | 98.8 ms | 123 ms | 0.8 | ≤ 1.3 | ≤ 1 | aim |',
    '| alone | 5 ms | – | – | ≥ 1.3 | ≥ 1 | skipped |',
    '| BALD | 0.02 s | 4 s | 0.5 % | ≤ 1 % | ≤ 0.3 % | gate |',
    '',
  ]);
  expect(lines[6]).toMatch(/ cores; Node v\d.*, no PyTorch; 2 threads a side\.$/);
});

it('replaces what is between the marks, and only that', () => {
  const text = 'a\n<!-- bench:start -->\nold\n<!-- bench:end -->\nb\n';
  const once = withBenchTable(text, file);
  expect(once).toMatch(/^a\n<!-- bench:start -->\n\| \| ours[\s\S]*\n<!-- bench:end -->\nb\n$/);
  expect(once).not.toContain('old');
  expect(withBenchTable(once, file)).toBe(once);
  expect(() => withBenchTable('a', file)).toThrow('bench:start');
  expect(() => withBenchTable(text, { ...file, quick: true })).toThrow('quick');
});

it('keeps rows that were not measured again, with their machine', () => {
  const text = withBenchTable('<!-- bench:start -->\n<!-- bench:end -->', file);
  const other = { ...file.environment, cpu: 'another CPU' };
  const again = {
    ...file,
    environment: other,
    rows: [makeRow(share, { ours: [40], other: [4000] }, '')],
  };
  const both = withBenchTable(text, again);
  const [first = '', second = ''] = both.split('| | ours').slice(1);
  expect(first).toContain('| BALD | 0.04 s | 4 s | 1 % |');
  expect(first).toContain('another CPU');
  expect(first).not.toContain('alone');
  expect(second).toContain('| step: a\\|b |');
  expect(second).toContain('| alone |');
  expect(second).not.toContain('BALD');
  expect(second).toContain(file.environment.cpu);
  expect(withBenchTable(both, again)).toBe(both);
  // All rows measured again: nothing is left of the earlier run.
  expect(withBenchTable(both, file)).toBe(text);
});

it('finds its place in the README', () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  expect(() => withBenchTable(readme, file)).not.toThrow();
});
