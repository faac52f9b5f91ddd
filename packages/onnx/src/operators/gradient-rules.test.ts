import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { gradientRules } from './gradient-rules.ts';
import { lowerings } from './lowerings.ts';

const folder = new URL('./', import.meta.url);
const tests = readdirSync(folder)
  .filter((name) => name.endsWith('.test.ts') && name !== 'gradient-rules.test.ts')
  .map((name) => readFileSync(new URL(name, folder), 'utf8'))
  .join('\n');

describe('gradientRules', () => {
  it.each([...gradientRules.keys()])('%s has a test that names it', (opType) => {
    expect(tests).toContain(`'${opType}'`);
  });
});

describe('lowerings', () => {
  it.each([...lowerings.keys()])('%s has a test that names it', (name) => {
    expect(tests).toContain(`'${name.split('.').at(-1)}'`);
  });

  it('are not gradient rules too', () => {
    expect([...lowerings.keys()].filter((name) => gradientRules.has(name))).toEqual([]);
  });
});
