import { describe, expect, it } from 'vitest';
import { sampleResults } from '../../test/sample-results.ts';
import type { CurvePoint, StrategyResult } from '../run/results.ts';
import { painter } from './colours.ts';
import { summaryLines } from './summary.ts';

const results = sampleResults();
const lines = summaryLines(results, painter(false, {}));

describe('summaryLines', () => {
  it('fits 80 columns', () => {
    expect(Math.max(...lines.slice(0, -2).map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it('has the accuracy by labels, labels to levels and labels saved', () => {
    expect(lines[0]).toBe('Test accuracy by labels (mean over 2 seeds)');
    expect(lines[1]).toMatch(/^ +20 +40 +60 +80 +90 +110 +130 +area$/);
    const area = results.comparison?.areas[0]?.mean as number;
    expect(lines[3]).toMatch(new RegExp(`^BALD .* ${(100 * area).toFixed(1)}%$`));
    expect(lines.find((line) => line.startsWith('Random ') && line.includes('>'))).toMatch(
      /^Random +85 +95 +105 +> 130$/,
    );
    expect(lines.find((line) => line.startsWith('BALD ') && line.includes('['))).toMatch(
      /^BALD +20 \[5, 35\] +20 \[5, 35\] +20 \[5, 35\] +–$/,
    );
  });

  it('says where a figure rests on some of the paired seeds only', () => {
    const five = sampleResults([0, 1, 2, 3, 4]);
    const text = summaryLines(five, painter(false, {}));
    expect(text).toContain('Labels saved against Random [95% interval over 5 paired seeds]');
    expect(text.find((line) => line.startsWith('BALD ') && line.includes('['))).toMatch(
      /^BALD +(20 \[5, 35\] in 2 of 5 +){3}–$/,
    );
  });

  it('ends with what came out and how far it can be trusted', () => {
    expect(lines.slice(-2)).toEqual([
      'BALD reached 90% test accuracy with 85 labels, 20 fewer than Random (mean over 2 paired seeds, the best of 2 strategies).',
      "2 seeds are too few to name a winner (Wilcoxon's test: p = 0.5 at best).",
    ]);
  });

  it('reads a curve of another query size between its points, not beyond them', () => {
    const [bald, ...others] = results.strategies as [StrategyResult, ...StrategyResult[]];
    const point = (labelled: number, mean: number) => ({
      ...(bald.accuracy[0] as CurvePoint),
      labelled,
      mean,
    });
    const coarse = { ...bald, accuracy: [point(40, 0.5), point(90, 0.75)] };
    const [, , , row] = summaryLines(
      { ...results, strategies: [coarse, ...others] },
      painter(false, {}),
    );
    expect(row?.trim().split(/ +/)).toEqual([
      ...['BALD', '–', '50.0%', '~60.0%', '~70.0%', '75.0%', '–', '–', expect.any(String)],
    ]);
  });

  it('says so when there is nothing yet', () => {
    const none = {
      ...results,
      strategies: results.strategies.map((s) => ({ ...s, accuracy: [] })),
    };
    expect(summaryLines(none, painter(false, {}))).toEqual(['No round is finished yet.']);
  });
});
