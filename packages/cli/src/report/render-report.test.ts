import { parseHTML } from 'linkedom';
import { describe, expect, it } from 'vitest';
import { sampleResults } from '../../test/sample-results.ts';
import { poolBins } from './figures/reliability-diagram.ts';
import { renderReport } from './render-report.ts';

const environment = { baal: '0.1.0', node: '20.19.0' };
const results = sampleResults();
const html = renderReport(results, environment);
const { document } = parseHTML(html);

describe('renderReport', () => {
  it('asks no other machine for anything', () => {
    const outside = html
      .replaceAll('http://www.w3.org/2000/svg', '')
      .replaceAll('http://www.w3.org/1999/xlink', '');
    expect(outside).not.toMatch(/https?:|@import|<script|<link|<img|\bsrc=|url\(/);
  });

  it('has every figure, the table, the config and the versions', () => {
    expect([...document.querySelectorAll('h2')].map((h) => h.textContent)).toEqual([
      'Learning curves',
      'Labels needed, labels saved',
      'Area under the curves',
      'Reliability',
      'Calibration by round',
      'What was acquired',
      'Configuration',
      'Versions',
    ]);
    expect(document.querySelectorAll('svg[role=img]')).toHaveLength(4 + results.strategies.length);
    expect(document.querySelector('pre')?.textContent).toContain('querySize: 10');
    expect(document.querySelector('dl')?.textContent).toContain('20.19.0');
    const tables = [...document.querySelectorAll('tbody')];
    expect(tables.map((table) => table.querySelectorAll('tr').length)).toEqual([7, 3, 3]);
    expect(tables[0]?.textContent).toContain('BALD, data-saving factor1.30 [0.90, 1.80]');
    expect(document.querySelector('tbody')?.textContent).toContain('> 130');
  });

  it('draws no NaN, also without a finished round', () => {
    expect(html).not.toMatch(/NaN|undefined/);
    const empty = renderReport(
      {
        ...results,
        comparison: null,
        cells: results.cells.map((cell) => ({
          ...cell,
          status: 'incomplete' as const,
          rounds: [],
          acquiredPerClass: [],
          reliability: { count: [], confidence: [], accuracy: [] },
        })),
        strategies: results.strategies.map((s) => ({
          ...s,
          accuracy: [],
          ece: [],
          labelsTo: s.labelsTo.map((level) => ({
            ...level,
            mean: null,
            last: 0,
            perSeed: [null, null],
          })),
          ...(s.saved
            ? {
                saved: s.saved.map((x) => ({ ...x, mean: null, low: null, high: null, seeds: 0 })),
                factors: (s.factors ?? []).map((x) => ({
                  ...x,
                  factor: null,
                  low: null,
                  high: null,
                })),
              }
            : {}),
        })),
      },
      environment,
    );
    expect(empty).toContain('No round is finished yet.');
    expect(empty).toContain('bald, seed 0: incomplete');
    expect(empty).toContain('Nothing can be compared yet');
    expect(empty).not.toMatch(/NaN|undefined/);
  });

  it('describes first what came out, and says in the same breath what it proves', () => {
    const lead = (page: string): string =>
      parseHTML(page).document.querySelector('.lead')?.textContent ?? '';
    expect(lead(html)).toMatch(/^BALD reached 90% .* 2 seeds are too few to name a winner \(/);
    const eight = renderReport(sampleResults([0, 1, 2, 3, 4, 5, 6, 7]), environment);
    expect(lead(eight)).toMatch(/ Told apart by the area, .*BALD \+\d\.\d against Random/);
    const untested = renderReport({ ...results, comparison: null }, environment);
    expect(lead(untested)).toMatch(/ Nothing is tested yet, so that no winner can be named\.$/);
  });

  it('shows names as text, whatever they are', () => {
    const named = { ...results, config: { ...results.config, name: '<b>&"' } };
    expect(renderReport(named, environment)).toContain('<h1>&lt;b&gt;&amp;&quot;</h1>');
  });
});

describe('the comparison of strategies', () => {
  const sectionOf = (page: string): string =>
    [...parseHTML(page).document.querySelectorAll('section')].find((section) =>
      section.textContent?.startsWith('Area under the curves'),
    )?.innerHTML ?? '';
  const many = sampleResults([0, 1, 2, 3, 4, 5, 6, 7]);

  it('names no winner of two seeds, and those that eight seeds show', () => {
    expect(sectionOf(html)).toContain('<td>too few seeds</td>');
    expect(sectionOf(html)).not.toMatch(/<td>(higher|lower|not told apart)</);
    expect(sectionOf(renderReport(many, environment))).toMatch(
      /BALD against Random<\/th><td>\+\d\.\d \[\+\d\.\d, \+\d\.\d\]<\/td><td>&lt; 0\.001<\/td><td>0\.0234<\/td><td>higher</,
    );
  });

  it('draws ranks only of three strategies and two seeds', () => {
    const drawn = (results: typeof many): boolean =>
      sectionOf(renderReport(results, environment)).includes('<svg');
    expect(drawn(many)).toBe(true);
    expect(drawn(sampleResults([3]))).toBe(false);
    const comparison = many.comparison && { ...many.comparison, ranks: null };
    expect(drawn({ ...many, comparison })).toBe(false);
  });

  it('says how many seeds ranks would need', () => {
    // Demšar's 2.343 for 3 strategies: above the widest difference, 2, until 2.343 sqrt(2 / n) is below it.
    expect(sectionOf(html)).toContain('With 2 seeds even ranks 1 and 3 are not: it takes 3 seeds');
    const { comparison } = results;
    const ranks = comparison?.ranks && { ...comparison.ranks, criticalDifference: 2.9 };
    const wider = { ...results, comparison: comparison && { ...comparison, ranks: ranks ?? null } };
    // 2.9 sqrt(2 / n) < 2 from n = 4.2 on.
    expect(sectionOf(renderReport(wider, environment))).toContain('it takes 5 seeds or more');
    expect(sectionOf(renderReport(many, environment))).not.toContain('it takes');
  });

  it('leaves the difference column out where there is no Random', () => {
    const comparison = many.comparison && { ...many.comparison, againstBaseline: [] };
    const section = sectionOf(renderReport({ ...many, comparison }, environment));
    expect(section).not.toContain('against Random</th><th');
    expect(section).toContain('Each pair of strategies');
  });

  it('says what is left out', () => {
    const comparison = many.comparison && {
      ...many.comparison,
      leftOut: ['entropy'],
      leftOutSeeds: [8, 9],
    };
    expect(sectionOf(renderReport({ ...many, comparison }, environment))).toContain(
      'Left out, because not finished: seed 8, seed 9 and Entropy.',
    );
  });
});

describe('poolBins', () => {
  it('weighs runs by their items and leaves empty bins out', () => {
    const run = (count: number[], confidence: number[], accuracy: number[]) => ({
      count,
      confidence,
      accuracy,
    });
    expect(poolBins([run([0, 1], [0, 0.6], [0, 1]), run([0, 3], [0, 0.8], [0, 0.6])])).toEqual([
      {
        low: 0.5,
        high: 1,
        confidence: expect.closeTo(0.75, 12),
        accuracy: expect.closeTo(0.7, 12),
        share: 1,
      },
    ]);
  });
});
