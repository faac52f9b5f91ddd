import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { parseHTML } from 'linkedom';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { baal } from '../src/program.ts';
import type { Results } from '../src/run/results.ts';
import { testContext } from './in-process.ts';
import { type TinyExperiment, tinyExperiment } from './tiny-experiment.ts';

let tiny: TinyExperiment;
const at = (name: string): string => tiny.at('runs', name);

async function makeRun(name: string, changes: Readonly<Record<string, unknown>>): Promise<void> {
  const config = tiny.config({ name, ...changes }, `${name}.yaml`);
  expect(await baal(['run', config, '--out', at(name)], testContext())).toBe(0);
}

beforeAll(async () => {
  tiny = await tinyExperiment();
  await makeRun('base', { seeds: [0, 1, 2] });
  const train = { epochs: 1, batchSize: 8, optimizer: { kind: 'adamw', lr: 0.01 } };
  await makeRun('short', { seeds: [2, 1], train });
  await makeRun('apart', { seeds: [7, 8], querySize: 6, rounds: 2, heuristics: ['random'] });
});
afterAll(() => tiny.remove());

const compare = (context: ReturnType<typeof testContext>, ...names: string[]): Promise<number> =>
  baal(['report', at('base'), '--compare', ...names], context);

describe('baal report --compare', () => {
  it('pairs the seeds that agree, and leaves the runs as they are', async () => {
    const before = readFileSync(`${at('base')}/report.html`, 'utf8');
    const files = readdirSync(at('short'));
    const context = testContext();
    expect(await compare(context, at('short'))).toBe(0);
    expect(context.complaints).toEqual([]);
    expect(readdirSync(at('base'))).toContain('compare-short.html');
    expect(readdirSync(at('short'))).toEqual(files);
    expect(readFileSync(`${at('base')}/report.html`, 'utf8')).toBe(before);
    const text = context.output.join('\n');
    expect(text).toContain('Area under the curves: base against short');
    expect(text).toContain('train.epochs: 5 (base) and 1 (short)');
    expect(text).toContain('seeds: 0, 1, 2 (base) and 2, 1 (short)');
    expect(text).toContain('No winner: 2 seeds are too few to tell the runs apart.');
    expect(context.output.at(-1)).toBe(`Comparison: ${at('base')}/compare-short.html`);

    // The row of BALD from the results of the runs, seed by seed: sizes 6, 9 and 12 are evenly spaced.
    const area = (name: string, seed: number): number => {
      const { cells } = JSON.parse(readFileSync(`${at(name)}/results.json`, 'utf8')) as Results;
      const cell = cells.find((c) => c.heuristic === 'bald' && c.seed === seed);
      const [a, b, c] = (cell?.rounds ?? []).map((r) => r.accuracy) as [number, number, number];
      return (a + 2 * b + c) / 4;
    };
    const mean = (values: readonly number[]): number => values.reduce((x, y) => x + y) / 2;
    const [d, e] = [1, 2].map((seed) => area('base', seed) - area('short', seed)) as [
      number,
      number,
    ];
    // Two pairs: t has 1 degree of freedom, p = 1 - 2 atan |t| / pi; with Random, Holm doubles the smaller.
    const t = mean([d, e]) / (Math.abs(d - e) / 2);
    const p = 1 - (2 * Math.atan(Math.abs(t))) / Math.PI;
    const row = context.output.find((line) => line.startsWith('BALD')) ?? '';
    const cells = row.split(/ {2,}/);
    const percent = (x: number): string => `${(100 * x).toFixed(1)}%`;
    expect(cells[1]).toBe(percent(mean([1, 2].map((seed) => area('base', seed)))));
    expect(cells[2]).toBe(percent(mean([1, 2].map((seed) => area('short', seed)))));
    expect(Number.parseFloat(cells[3] ?? '')).toBeCloseTo(100 * mean([d, e]), 0);
    const shown = Number(cells[4]);
    expect(Math.min(Math.abs(shown - Math.min(1, 2 * p)), Math.abs(shown - p))).toBeLessThan(6e-4);
    expect(cells[5]).toBe('2 paired');
  });

  it('compares means where no seed is common, among several runs', async () => {
    const context = testContext();
    expect(await compare(context, at('short'), at('apart'))).toBe(0);
    const text = context.output.join('\n');
    expect(text).toMatch(/^Random, apart +\d+\.\d% .* 3 and 2, unpaired$/m);
    expect(text).toMatch(/^BALD, short +\d+\.\d% .* 2 paired$/m);
    expect(text).not.toContain('BALD, apart');
    const html = readFileSync(`${at('base')}/compare-short-apart.html`, 'utf8');
    expect(html).toContain('They share no seed (3 and 2)');
    expect(html).toContain('at 2 numbers of labels');
    expect(html).toContain('1 cell without a partner of the same seed left out.');
  });

  it('makes a page that is whole and asks no other machine for anything', async () => {
    const html = readFileSync(`${at('base')}/compare-short-apart.html`, 'utf8');
    const outside = html
      .replaceAll('http://www.w3.org/2000/svg', '')
      .replaceAll('http://www.w3.org/1999/xlink', '');
    expect(outside).not.toMatch(/https?:|@import|<script|<link|<img|\bsrc=|url\(/);
    expect(html).not.toMatch(/NaN|undefined/);
    const { document } = parseHTML(html);
    expect(document.querySelectorAll('svg[role=img]')).toHaveLength(1);
    expect([...document.querySelectorAll('h2')].map((h) => h.textContent)).toEqual([
      'Learning curves',
      'Area under the curves',
      'Labels needed, labels saved',
      'What differs',
      'Versions',
    ]);
    // Two strategies of two runs, and Random of the third.
    expect(document.querySelectorAll('.legend span')).toHaveLength(5);
    for (const table of document.querySelectorAll('table')) {
      const widths = [...table.querySelectorAll('tr')].map((row) => row.children.length);
      expect(new Set(widths).size).toBe(1);
    }
  });

  it('compares runs whose first strategy is one with precomputed scores', async () => {
    const scores = (name: string, sign: number): string => {
      const values = Array.from({ length: 90 }, (_, i) => sign * i);
      writeFileSync(tiny.at(name), `${values.join('\n')}\n`);
      return name;
    };
    const given = (file: string) => ({
      heuristics: [{ kind: 'precomputed', file, direction: 'highest', label: 'given' }, 'random'],
    });
    await makeRun('given', given(scores('up.csv', 1)));
    await makeRun('other-given', given(scores('down.csv', -1)));
    for (const [first, other] of [
      ['given', 'other-given'],
      ['given', 'base'],
      ['base', 'given'],
    ] as const) {
      const context = testContext();
      expect(await baal(['report', at(first), '--compare', at(other)], context)).toBe(0);
      expect(context.complaints).toEqual([]);
      expect(context.output.join('\n')).toMatch(/^Random .* 2 paired$/m);
    }
  });

  it('names runs of one name by their folders', async () => {
    cpSync(at('short'), tiny.at('copies', 'short'), { recursive: true });
    cpSync(at('short'), tiny.at('copies', 'again'), { recursive: true });
    const context = testContext();
    const [a, b] = [tiny.at('copies', 'short'), tiny.at('copies', 'again')];
    expect(await baal(['report', a, '--compare', b], context)).toBe(0);
    expect(existsSync(`${a}/compare-again.html`)).toBe(true);
    const text = context.output.join('\n');
    expect(text).toContain('short against again');
    expect(text).toContain('The runs have the same settings.');
    expect(text).toMatch(/^BALD .* 0\.0 \[0\.0, 0\.0\] +1 +2 paired$/m);
    expect(await baal(['report', a, '--compare', at('short')], testContext())).toBe(0);
    expect(readdirSync(a).filter((name) => name.startsWith('compare-'))).toHaveLength(2);
  });
});

describe('baal report --compare refuses in one line', () => {
  async function refusal(...names: string[]): Promise<string> {
    const files = readdirSync(at('base'));
    const context = testContext();
    expect(await compare(context, ...names)).toBe(2);
    expect(context.output).toEqual([]);
    expect(context.complaints).toHaveLength(1);
    expect(readdirSync(at('base'))).toEqual(files);
    const [line] = context.complaints as [string];
    expect(line.split('\n')).toHaveLength(1);
    return line;
  }

  it('a run that is not there, or given twice', async () => {
    expect(await refusal(at('gone'))).toMatch(/gone: not a run directory, expected .*, got none;/);
    expect(await refusal(`${at('base')}/`)).toMatch(/the run is given twice, .*; leave one out/);
    expect(await refusal(at('short'), at('short'))).toContain('given twice');
  });

  it('a run that is not finished', async () => {
    cpSync(at('short'), at('half'), { recursive: true });
    rmSync(`${at('half')}/cells/bald-seed1`, { recursive: true });
    expect(await refusal(at('half'))).toMatch(
      /half: the run is not finished, expected all 4 cells to be, got 3 \(without bald-seed1\); go on with: baal run CONFIG --out .*half --resume$/,
    );
  });

  it('other data', async () => {
    const own = readFileSync(tiny.at('test-y.idx'));
    const changed = Buffer.from(own);
    changed[20] = changed[20] === 1 ? 0 : 1;
    writeFileSync(tiny.at('test-y.idx'), changed);
    await makeRun('other', { seeds: [0], rounds: 2 });
    writeFileSync(tiny.at('test-y.idx'), own);
    expect(await refusal(at('other'))).toMatch(
      /other: cannot be compared with .*base, expected runs on the same data, got dataset\.test\.labels with SHA-256 [0-9a-f]{12} here and [0-9a-f]{12} there;/,
    );
  });

  it('a smaller test set of the same file', async () => {
    const split = (name: string, more = {}) => ({
      images: `${name}-x.idx`,
      labels: `${name}-y.idx`,
      ...more,
    });
    const dataset = { kind: 'idx', train: split('train'), test: split('test', { limit: 50 }) };
    await makeRun('fewer', { seeds: [0], rounds: 2, dataset });
    expect(await refusal(at('fewer'))).toContain('got 50 test items here and all there');
  });

  it('a run without a strategy in common', async () => {
    await makeRun('margins', { seeds: [0], rounds: 2, heuristics: ['margin'] });
    expect(await refusal(at('margins'))).toMatch(
      /margins: has no strategy in common with .*base, expected one of bald, random, got margin; .*--resume$/,
    );
  });

  it('a journal that is damaged', async () => {
    cpSync(at('short'), at('damaged'), { recursive: true });
    const journal = `${at('damaged')}/cells/bald-seed2/journal.jsonl`;
    const text = readFileSync(journal, 'utf8');
    writeFileSync(journal, text.replace('"version":1', '"version":99'));
    expect(await refusal(at('damaged'))).toMatch(/journal\.jsonl: .*expected 1, got 99/);
  });
});
