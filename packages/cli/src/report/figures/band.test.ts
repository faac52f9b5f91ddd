import { describe, expect, it } from 'vitest';
import { bandOf, bandWords } from './band.ts';

const point = { labelled: 20, mean: 0.5, low: 0.1, high: 0.9, least: 0.4, most: 0.6 };

describe('bandOf', () => {
  it('shows the range of a few seeds, the interval of many', () => {
    expect(bandOf({ ...point, seeds: 2 })).toEqual([0.4, 0.6]);
    expect(bandOf({ ...point, seeds: 4 })).toEqual([0.4, 0.6]);
    expect(bandOf({ ...point, seeds: 5 })).toEqual([0.1, 0.9]);
  });

  it('says which of them it is', () => {
    expect(bandWords(1, 0.95)).toContain('one seed');
    expect(bandWords(2, 0.95)).toContain('lowest to the highest of 2 seeds');
    expect(bandWords(5, 0.95)).toContain('95% interval over 5 seeds');
  });
});
