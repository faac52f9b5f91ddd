import { describe, expect, it } from 'vitest';
import { arrayDataset } from './array-dataset.ts';
import type { Dataset, ExampleId } from './dataset.ts';
import { subset } from './subset.ts';

describe('subset', () => {
  it('shows the chosen items in the order given, with their ids', () => {
    const source: Dataset<string> = {
      ...arrayDataset(['a', 'b', 'c']),
      id: (i) => `item-${i}` as ExampleId,
    };
    const view = subset(source, [2, 0, 2]);
    expect([0, 1, 2].map((i) => view.get(i))).toEqual(['c', 'a', 'c']);
    expect(view.id?.(1)).toBe('item-0');
    expect(subset(arrayDataset(['a', 'b']), [1]).id?.(0)).toBe('1');
    expect(subset(view, [1]).get(0)).toBe('a');
    expect(() => view.get(3)).toThrow(RangeError);
  });

  it('checks positions at once', () => {
    for (const wrong of [3, -1, 0.5, Number.NaN]) {
      expect(() => subset(arrayDataset(['a', 'b', 'c']), [0, wrong])).toThrow(/positions\[1\]/);
    }
    expect(() => arrayDataset(['a']).get(1)).toThrow(RangeError);
  });
});
