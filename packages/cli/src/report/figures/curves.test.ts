import { parseHTML } from 'linkedom';
import { describe, expect, it } from 'vitest';
import { type CurveSeries, drawCurves } from './curves.ts';

const point = (labelled: number, mean: number) => ({
  ...{ labelled, mean, seeds: 2 },
  ...{ low: 0, high: 1, least: mean - 0.1, most: mean + 0.1 },
});
const series = (name: string, changes: Partial<CurveSeries> = {}): CurveSeries => ({
  name,
  colour: '#123456',
  points: [point(10, 0.4), point(20, 0.6)],
  seeds: [],
  ...changes,
});
const draw = (...all: CurveSeries[]) =>
  parseHTML(
    drawCurves('curves', all, {
      height: 300,
      range: [0, 1],
      y: { domain: [0, 100], percent: true },
    }),
  ).document;

describe('drawCurves', () => {
  it('draws band, seeds, mean and dots of each curve', () => {
    const seeds = [
      [
        { labelled: 10, value: 0.3 },
        { labelled: 20, value: 0.5 },
      ],
    ];
    const page = draw(series('a', { seeds }), series('b'));
    expect(page.querySelectorAll('g[aria-label=area] path')).toHaveLength(2);
    expect(page.querySelectorAll('g[aria-label=line][stroke-width="0.8"] path')).toHaveLength(1);
    expect(page.querySelectorAll('g[aria-label=line][stroke-width="2.4"] path')).toHaveLength(2);
    expect([...page.querySelectorAll('circle title')].map((title) => title.textContent)).toEqual([
      'a, 10 labels: 40.0% (30.0% to 50.0%, 2 seeds)',
      'a, 20 labels: 60.0% (50.0% to 70.0%, 2 seeds)',
      'b, 10 labels: 40.0% (30.0% to 50.0%, 2 seeds)',
      'b, 20 labels: 60.0% (50.0% to 70.0%, 2 seeds)',
    ]);
  });

  it('keeps bands inside the figure', () => {
    const page = draw(series('a', { points: [point(10, 0.05), point(20, 0.95)] }));
    expect(page.querySelector('circle title')?.textContent).toContain('(0.0% to 15.0%');
  });

  it('tells dashed curves from solid ones, also by their dots', () => {
    const page = draw(series('a'), series('b', { dashes: '7 4' }));
    const lines = [...page.querySelectorAll('g[aria-label=line]')];
    expect(lines.map((line) => line.getAttribute('stroke-dasharray'))).toEqual([null, '7 4']);
    const dots = [...page.querySelectorAll('g[aria-label=dot]')];
    expect(dots.map((dot) => dot.getAttribute('fill'))).toEqual(['#123456', 'var(--surface)']);
  });
});
