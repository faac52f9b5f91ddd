import { describe, expect, it } from 'vitest';
import { factorText, interval, listed, ofSeeds, points, pText, pWords } from './words.ts';

const factor = (factor: number | null, low: number | null = null, high: number | null = null) => ({
  ...{ level: 0.9, factor, low, high },
  ...{ seeds: 2, unreached: 0, baselineUnreached: 0 },
});

describe('figures in words', () => {
  it('shows a data-saving factor, without the digits of hopeless intervals', () => {
    expect(factorText(factor(null))).toBe('–');
    expect(factorText(factor(1.237))).toBe('1.24');
    expect(factorText(factor(1.237, 0.0012, 1234.5))).toBe('1.24 [< 0.01, > 100]');
  });

  it('shows differences in points with their sign, and no negative zero', () => {
    expect([0.0213, -0.0213, 0, -0.0001].map(points)).toEqual(['+2.1', '-2.1', '0.0', '0.0']);
    expect(interval({ low: -0.01, high: 0.02 }, points)).toBe(' [-1.0, +2.0]');
    expect(interval({ low: null, high: null }, points)).toBe('');
  });

  it('shows p-values to 3 digits', () => {
    expect([null, 1, 0.0625, 0.04321, 0.0009].map(pText)).toEqual([
      '–',
      '1',
      '0.0625',
      '0.0432',
      '< 0.001',
    ]);
    expect([0.5, 0.0009].map(pWords)).toEqual(['p = 0.5', 'p < 0.001']);
  });

  it('says how many seeds a figure rests on where it is not all', () => {
    expect([0, 3, 6].map((seeds) => ofSeeds({ seeds }, 6))).toEqual(['', ' in 3 of 6', '']);
  });

  it('lists', () => {
    expect([[], ['a'], ['a', 'b'], ['a', 'b', 'c']].map(listed)).toEqual([
      '',
      'a',
      'a and b',
      'a, b and c',
    ]);
  });
});
