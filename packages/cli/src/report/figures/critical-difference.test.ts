import { parseHTML } from 'linkedom';
import { describe, expect, it } from 'vitest';
import { criticalDifferenceDiagram } from './critical-difference.ts';

const ranks = {
  strategies: [
    { heuristic: 'random', rank: 3.5 },
    { heuristic: 'bald', rank: 1.25 },
    { heuristic: 'entropy', rank: 2.25 },
    { heuristic: 'margin', rank: 3 },
  ],
  pValue: 0.01,
  criticalDifference: 1.2,
  groups: [
    ['bald', 'entropy'],
    ['entropy', 'margin'],
    ['margin', 'random'],
  ],
};
const names: Readonly<Record<string, string>> = {
  ...{ random: 'Random', bald: 'BALD', entropy: 'Entropy', margin: 'Margin' },
};
const looks = ranks.strategies.map(({ heuristic: label }, i) => ({
  ...{ label, name: names[label] as string, colour: `#00000${i}` },
}));
const draw = (changes = {}) =>
  parseHTML(criticalDifferenceDiagram({ ...ranks, ...changes }, looks)).document;

/** Where ranks 1 and k stand in pixels: 210 from either side of 860. */
const pixel = (rank: number): number => 210 + ((860 - 420) * (rank - 1)) / 3;

describe('criticalDifferenceDiagram', () => {
  it('puts dots where the ranks are, in the colours of the strategies', () => {
    const dots = [...draw().querySelectorAll('circle')].map((dot) => [
      dot.getAttribute('fill'),
      Number(dot.getAttribute('cx')),
    ]);
    expect(dots).toEqual([
      ['#000001', expect.closeTo(pixel(1.25), 6)],
      ['#000002', expect.closeTo(pixel(2.25), 6)],
      ['#000003', expect.closeTo(pixel(3), 6)],
      ['#000000', expect.closeTo(pixel(3.5), 6)],
    ]);
  });

  it('names the better half on the left, the other on the right', () => {
    const anchored = (anchor: string): readonly (string | null)[] =>
      [...draw().querySelectorAll(`g[text-anchor=${anchor}] text`)].map((text) => text.textContent);
    expect(anchored('end')).toEqual(['BALD  1.25', 'Entropy  2.25']);
    expect(anchored('start')).toEqual(['Margin  3.00', 'Random  3.50', 'critical difference 1.20']);
  });

  it('joins each group by a bar from its best to its worst', () => {
    const bars = [...draw().querySelectorAll('g[stroke-width="5"] path')].map((bar) =>
      (bar.getAttribute('d') ?? '').match(/[\d.]+/g)?.map(Number),
    );
    const ends = bars.map((bar) => [bar?.[0], bar?.[2]]);
    [
      [1.25, 2.25],
      [2.25, 3],
      [3, 3.5],
    ].forEach(([from, to], i) => {
      expect(ends[i]?.[0]).toBeCloseTo(pixel(from as number), 2);
      expect(ends[i]?.[1]).toBeCloseTo(pixel(to as number), 2);
    });
    expect(bars).toHaveLength(3);
    expect(new Set(bars.map((bar) => bar?.[1])).size).toBe(3);
  });

  it('says the critical difference also where it is longer than the line', () => {
    const groups = [['bald', 'entropy', 'margin', 'random']];
    const drawn = criticalDifferenceDiagram({ ...ranks, criticalDifference: 4.69, groups }, looks);
    expect(drawn).toContain('… critical difference 4.69');
    expect(drawn).not.toContain('NaN');
  });
});
