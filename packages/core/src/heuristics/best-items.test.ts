import { describe, expect, it } from 'vitest';
import { createRng } from '../random/create-rng.ts';
import { BestItems } from './best-items.ts';

describe('BestItems', () => {
  it('keeps what a sort would put first, ties in the order in which they came', () => {
    const rng = createRng('best');
    for (const size of [0, 1, 2, 3, 7, 16, 33, 250]) {
      for (const levels of [1, 6, 1000]) {
        for (let run = 0; run < 20; run++) {
          const items = Array.from({ length: 200 }, (_, item) => ({
            item,
            score: rng.int(levels),
          }));
          const best = new BestItems<number>(size);
          for (const { score, item } of items) best.add(score, item);
          const sorted = items.toSorted((a, b) => b.score - a.score || a.item - b.item);
          expect(best.sorted()).toEqual(
            sorted.slice(0, size).map(({ score, item }) => ({ score, item })),
          );
        }
      }
    }
  });

  it('refuses NaN, and stays as it was', () => {
    for (const size of [0, 1, 3]) {
      const best = new BestItems<string>(size);
      best.add(1, 'a');
      expect(() => best.add(Number.NaN, 'b')).toThrow('the score of item 1 is NaN');
      best.add(2, 'c');
      expect(best.sorted().map(({ item }) => item)).toEqual(['c', 'a'].slice(0, size));
    }
  });

  it('refuses sizes that are none', () => {
    for (const size of [-1, 0.5, Number.NaN]) {
      expect(() => new BestItems(size)).toThrow(`>= 0, got ${size}`);
    }
  });
});
