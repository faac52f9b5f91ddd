import { describe, expect, it } from 'vitest';
import { sampleResults } from '../../test/sample-results.ts';
import type { CellResult, Results } from '../run/results.ts';
import { painter } from '../terminal/colours.ts';
import { comparisonLines } from '../terminal/comparison-lines.ts';
import type { ComparedRun } from './compared-run.ts';
import { compareRuns } from './run-comparison.ts';

const run = (label: string, results: Results): ComparedRun => ({
  label,
  directory: `runs/${label}`,
  results,
  environment: {},
  data: {},
});
const changed = (results: Results, change: (cell: CellResult) => CellResult): Results => ({
  ...results,
  cells: results.cells.map(change),
});
/** Lower by 2 points, and by a little more with each seed. */
const lower = (cell: CellResult): CellResult => ({
  ...cell,
  rounds: cell.rounds.map((r) => ({ ...r, accuracy: r.accuracy - 0.0201 - 0.001 * cell.seed })),
});
const six = sampleResults([0, 1, 2, 3, 4, 5]);

describe('compareRuns', () => {
  const other = changed(six, lower);
  const { differences, settings } = compareRuns([run('a', six), run('b', other)]);

  it('tests each strategy by the differences of its areas', () => {
    expect(differences.map((d) => d.heuristic)).toEqual(['bald', 'entropy', 'random']);
    for (const test of differences) {
      // The differences are 0.0201, 0.0211, ... 0.0251: mean 0.0226, variance 3.5e-6.
      const half = 2.5705818366 * Math.sqrt(3.5e-6 / 6);
      expect(test.mean).toBeCloseTo(0.0226, 10);
      expect(test.low).toBeCloseTo(0.0226 - half, 8);
      expect(test.high).toBeCloseTo(0.0226 + half, 8);
      expect((test.areas?.[0] as number) - (test.areas?.[1] as number)).toBeCloseTo(0.0226, 10);
      // All six signs agree, 2 of 64, in three tests.
      expect(test.adjustedWilcoxon).toBeCloseTo((3 * 2) / 64, 12);
      expect(test.adjustedPValue).toBeLessThan(1e-5);
      expect(test).toMatchObject({ paired: true, seeds: [6, 6], leftOut: 0 });
    }
    expect(settings).toEqual([]);
  });

  it('pairs cells by their seed, whatever their order', () => {
    const reversed = { ...other, cells: [...other.cells].reverse() };
    const [first] = compareRuns([run('a', six), run('b', reversed)]).differences;
    expect(first).toEqual(differences[0]);
  });

  it('looks at seeds and numbers of labels that both have', () => {
    const half = changed(other, (cell) => ({
      ...cell,
      rounds: cell.rounds.filter(({ round }) => round % 2 === 0),
    }));
    const some = { ...half, cells: half.cells.filter(({ seed }) => seed > 3) };
    const [test] = compareRuns([run('a', six), run('b', some)]).differences;
    expect(test).toMatchObject({ leftOut: 4, seeds: [2, 2], labelled: [20, 40, 60, 80, 100, 120] });
    expect(test?.mean).toBeCloseTo((0.0241 + 0.0251) / 2, 10);
    // Student's t of two pairs, three times the same: its tail is an arc tangent.
    const t = 0.0246 / 0.0005;
    expect(test?.adjustedPValue).toBeCloseTo(3 * (1 - (2 * Math.atan(t)) / Math.PI), 8);
  });

  it('compares means of runs that share no seed', () => {
    const apart = changed(other, (cell) => ({ ...cell, seed: cell.seed + 10 }));
    const [test] = compareRuns([run('a', six), run('b', apart)]).differences;
    expect(test).toMatchObject({ paired: false, leftOut: 0, adjustedWilcoxon: null, saved: [] });
    expect(test?.mean).toBeCloseTo(0.0226, 10);
    // Spread between seeds is no longer taken out.
    const width = (d: typeof test): number => (d?.high as number) - (d?.low as number);
    expect(width(test)).toBeGreaterThan(2 * width(differences[0]));
  });

  it('has no area where fewer than 2 numbers of labels are common', () => {
    const between = changed(other, (cell) => ({
      ...cell,
      rounds: cell.rounds.map((r) => ({ ...r, labelled: r.labelled + 5 })),
    }));
    const found = compareRuns([run('a', six), run('b', between)]);
    expect(found.differences[0]).toMatchObject({ labelled: [], areas: null, mean: null });
    expect(comparisonLines(found, painter(false, {})).at(-1)).toMatch(/no numbers of labels in/);
  });

  it('lists the settings of all runs where one of them differs from the first', () => {
    const set = (changes: object): Results => ({
      ...six,
      config: { ...six.config, name: 'x', ...changes } as Results['config'],
    });
    const { train } = six.config;
    const found = compareRuns([
      run('a', six),
      run('b', set({ querySize: 5 })),
      run('c', set({ train: { ...train, until: { metric: 'loss', atMost: 0.1 } }, threads: 2 })),
    ]);
    expect(found.settings).toEqual([
      { path: 'querySize', values: [10, 5, 10] },
      { path: 'train.until', values: [null, null, { metric: 'loss', atMost: 0.1 }] },
      { path: 'threads', values: [1, 1, 2] },
    ]);
    expect(found.differences).toHaveLength(6);
  });
});

describe('comparisonLines', () => {
  it('are tables and what came out', () => {
    const config = { ...six.config, querySize: 5 };
    const found = compareRuns([run('a', six), run('b', { ...changed(six, lower), config })]);
    expect(comparisonLines(found, painter(false, {}))).toEqual([
      'Area under the curves: a against b',
      '          area  other         difference        p     seeds',
      '───────────────────────────────────────────────────────────',
      'BALD     79.9%  77.7%  +2.3 [+2.1, +2.5]  < 0.001  6 paired',
      'Entropy  77.2%  74.9%  +2.3 [+2.1, +2.5]  < 0.001  6 paired',
      'Random   72.6%  70.4%  +2.3 [+2.1, +2.5]  < 0.001  6 paired',
      '',
      'Labels that a saves',
      expect.stringMatching(/^ +80% +85% +90% +95%$/),
      expect.stringMatching(/^─+$/),
      expect.stringMatching(/^BALD +\d.*\]/),
      expect.stringMatching(/^Entropy /),
      expect.stringMatching(/^Random /),
      '',
      'What differs',
      'querySize: 10 (a) and 5 (b)',
      '',
      'Told apart by the area: BALD +2.3 points in a against b (p < 0.001), Entropy +2.3 points in a against b (p < 0.001) and Random +2.3 points in a against b (p < 0.001).',
    ]);
  });

  it('say where the labels saved rest on some of the paired seeds only', () => {
    // Two seeds of the other run stay below every level.
    const low = changed(six, (cell) =>
      cell.seed < 2 ? { ...cell, rounds: cell.rounds.map((r) => ({ ...r, accuracy: 0.1 })) } : cell,
    );
    const lines = comparisonLines(compareRuns([run('a', six), run('b', low)]), painter(false, {}));
    const saved = lines.slice(lines.indexOf('Labels that a saves'));
    expect(saved.find((line) => line.startsWith('BALD'))).toMatch(/^BALD +0 \[0, 0\] in 4 of 6 /);
  });
});
