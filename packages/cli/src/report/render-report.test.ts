import { parseHTML } from 'linkedom';
import { describe, expect, it } from 'vitest';
import { sampleResults } from '../../test/sample-results.ts';
import { poolBins } from './figures/reliability-diagram.ts';
import { renderReport } from './render-report.ts';
import { headline } from './words.ts';

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
      'Reliability',
      'Calibration by round',
      'What was acquired',
      'Configuration',
      'Versions',
    ]);
    expect(document.querySelectorAll('svg')).toHaveLength(3 + results.strategies.length);
    expect(document.querySelector('pre')?.textContent).toContain('querySize: 10');
    expect(document.querySelector('dl')?.textContent).toContain('20.19.0');
    expect(document.querySelectorAll('tbody tr')).toHaveLength(5);
    expect(document.querySelector('tbody')?.textContent).toContain('> 130');
  });

  it('draws no NaN, also without a finished round', () => {
    expect(html).not.toMatch(/NaN|undefined/);
    const empty = renderReport(
      {
        ...results,
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
            ? { saved: s.saved.map((x) => ({ ...x, mean: null, low: null, high: null, seeds: 0 })) }
            : {}),
        })),
      },
      environment,
    );
    expect(empty).toContain('No round is finished yet.');
    expect(empty).toContain('bald, seed 0: incomplete');
    expect(empty).not.toMatch(/NaN|undefined/);
  });

  it('shows names as text, whatever they are', () => {
    const named = { ...results, config: { ...results.config, name: '<b>&"' } };
    expect(renderReport(named, environment)).toContain('<h1>&lt;b&gt;&amp;&quot;</h1>');
  });
});

describe('headline', () => {
  it('names no winner where strategies end alike, and one where one ended higher', () => {
    const ended = (means: readonly number[]): string =>
      headline({
        ...results,
        strategies: results.strategies.slice(0, means.length).map(({ saved: _, ...s }, i) => ({
          ...s,
          accuracy: s.accuracy.slice(-1).map((point) => ({ ...point, mean: means[i] as number })),
        })),
      });
    const alike = 'BALD with 130 labels and Entropy with 130 labels came to the same 90.0%';
    expect(ended([0.9, 0.9])).toBe(`${alike} test accuracy.`);
    expect(ended([0.9001, 0.9, 0.5])).toBe(`${alike} test accuracy.`);
    expect(ended([0.9, 0.9, 0.9])).toMatch(/^BALD .*, Entropy .* and Random .* the same 90\.0%/);
    expect(ended([0.8, 0.9, 0.5])).toBe(
      'Entropy came furthest: 90.0% test accuracy with 130 labels.',
    );
    expect(ended([0.9])).toBe('BALD reached 90.0% test accuracy with 130 labels.');
  });

  it('tells what was saved at the highest level that can be compared', () => {
    expect(headline(results)).toBe(
      'BALD reached 90% test accuracy with 85 labels, 20 fewer than Random (mean over 2 paired seeds).',
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
