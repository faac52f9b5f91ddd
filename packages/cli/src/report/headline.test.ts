import { describe, expect, it } from 'vitest';
import { sampleResults } from '../../test/sample-results.ts';
import { headline } from './headline.ts';

const results = sampleResults();

describe('headline', () => {
  it('names all where strategies end alike, and otherwise of how many the one is the best', () => {
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
      'Entropy came furthest: 90.0% test accuracy with 130 labels (mean over 2 seeds, the best of 3 strategies).',
    );
    expect(ended([0.9])).toBe(
      'BALD reached 90.0% test accuracy with 130 labels (mean over 2 seeds).',
    );
  });

  it('tells what was saved at the highest level that can be compared', () => {
    expect(headline(results)).toBe(
      'BALD reached 90% test accuracy with 85 labels, 20 fewer than Random (mean over 2 paired seeds, the best of 2 strategies).',
    );
  });

  it('counts no others where one strategy alone is compared with Random', () => {
    const [bald, , random] = results.strategies;
    const alone = { ...results, strategies: [bald, random] as typeof results.strategies };
    expect(headline(alone)).toMatch(/20 fewer than Random \(mean over 2 paired seeds\)\.$/);
  });
});
