import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { flat } from '../packages/onnx/src/operators/functions.ts';
import { gradientRules } from '../packages/onnx/src/operators/gradient-rules.ts';
import { lowerings } from '../packages/onnx/src/operators/lowerings.ts';
import { operatorsDocument } from '../scripts/operators-document.mjs';
import { root } from './source-files.ts';

const document = operatorsDocument();

it('is what docs/operators.md says; else run: node scripts/operators-document.mjs', () => {
  expect(readFileSync(join(root, 'docs/operators.md'), 'utf8')).toBe(document);
});

const isFlat = (rule: unknown): boolean => rule === flat;
const rules = [...gradientRules];

it.each([
  ['gradient', new Map(rules.filter(([, rule]) => !isFlat(rule)))],
  ['flat', new Map(rules.filter(([, rule]) => isFlat(rule)))],
  ['lowered', lowerings],
])('names each operator with "%s", and its file', (word, table) => {
  const rows = [...document.matchAll(/^\| ([\w.]+) \| (\w+) \| \[([\w-]+\.ts)\]/gm)];
  const named = rows.filter(([, , status]) => status === word);
  expect(named.map(([, name]) => name).toSorted()).toEqual([...table.keys()].toSorted());
  expect(
    named.filter(([, , , file]) => /^(gradient-rules|lowerings)\.ts$/.test(file ?? '')),
  ).toEqual([]);
});

it('names the others too', () => {
  expect(document).toContain('| ArgMax | run only | |');
});
