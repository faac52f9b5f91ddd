import { describe, expect, it } from 'vitest';
import { sampleResults } from '../../test/sample-results.ts';
import type { ComparisonResult } from '../run/comparison.ts';
import { evidenceLine, evidenceText, verdict } from './evidence.ts';

const seeds = (n: number): ComparisonResult =>
  sampleResults(Array.from({ length: n }, (_, i) => i)).comparison as ComparisonResult;

const line = (comparison: ComparisonResult | null): string =>
  evidenceLine({ ...sampleResults(), comparison });

describe('evidenceText', () => {
  it('says what few seeds cannot show', () => {
    expect(evidenceText(1, 1, 0.95)).toBe(
      '1 seed shows no spread: there is no interval and no test, and no winner can be named. Run at least 5 seeds.',
    );
    expect(evidenceText(2, 1, 0.95)).toBe(
      "2 seeds: no test of a pair can be relied on, and no winner is named. Wilcoxon's signed-rank test reaches p = 0.5 at best; 6 seeds could get below 0.05. The t-test takes the differences between seeds as normal, which 2 seeds cannot show.",
    );
    expect(evidenceText(5, 2, 0.95)).toBe(
      "5 seeds: strategies are told apart where the t-test is below 0.05 after the correction; it takes the differences between seeds as normal. Wilcoxon's signed-rank test reaches p = 0.0625 at best, p = 0.125 after the correction for 2 tests, so it cannot agree; 7 seeds could get below 0.05.",
    );
    expect(evidenceText(6, 1, 0.95)).toContain('reaches p = 0.0313 at best, and needs no normal');
    expect(evidenceText(6, 2, 0.95)).toContain('cannot agree');
    expect(evidenceText(5, 1, 0.9)).toContain('below 0.1 after');
    expect(evidenceText(12, 1, 0.95)).toContain('reaches p < 0.001 at best');
  });
});

describe('verdict', () => {
  it('needs seeds and a small p-value', () => {
    expect(verdict({ mean: 1, adjustedPValue: 0.04 }, 5, 0.95)).toBe('higher');
    expect(verdict({ mean: -1, adjustedPValue: 0.04 }, 5, 0.95)).toBe('lower');
    expect(verdict({ mean: 1, adjustedPValue: 0.06 }, 5, 0.95)).toBe('open');
    expect(verdict({ mean: 1, adjustedPValue: 0.04 }, 4, 0.95)).toBe('open');
    expect(verdict({ mean: 1, adjustedPValue: null }, 9, 0.95)).toBe('open');
  });
});

describe('evidenceLine', () => {
  it('names who is told apart from Random, or why nobody is', () => {
    expect(line(seeds(1))).toBe('1 seed shows no spread: no test, no winner.');
    expect(line(seeds(2))).toBe(
      "2 seeds are too few to name a winner (Wilcoxon's test: p = 0.5 at best).",
    );
    expect(line(seeds(8))).toMatch(
      /^Told apart by the area, t-test over 8 seeds, Holm: BALD \+\d\.\d against Random \(p .*\) and Entropy \+/,
    );
    const alike = (list: ComparisonResult['pairs']) =>
      list.map((test) => ({ ...test, adjustedPValue: 0.5 }));
    const eight = seeds(8);
    const none = { ...eight, againstBaseline: alike(eight.againstBaseline) };
    expect(line(none)).toBe(
      'No strategy is told apart from Random by the area (t-test over 8 seeds, Holm).',
    );
    expect(line({ ...none, againstBaseline: [], pairs: alike(none.pairs) })).toBe(
      'No winner by the area (t-test over 8 seeds, Holm).',
    );
    expect(line({ ...none, againstBaseline: [], pairs: [] })).toBe('');
    expect(line(null)).toBe('Nothing is tested yet, so that no winner can be named.');
  });
});
