import { describe, expect, it } from 'vitest';
import { averaging } from '../scripts/faq/averaging.mjs';
import { calibrating } from '../scripts/faq/calibrating.mjs';
import { habits, queries } from '../scripts/faq/habits.mjs';
import { difference, spread, table } from '../scripts/faq/study.mjs';

/** Enough to see that it runs and adds up. */
const trial = { seeds: 2, pool: 300, test: 40, epochs: 1 };

/** Cells of a Markdown table, without its head. */
const cellsOf = (text: string): string[][] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| ---'))
    .slice(1)
    .map((line) => line.slice(2, -2).split(' | '));

describe('figures', () => {
  it('are means with half of their interval', () => {
    // Two values d apart: s / sqrt(2) = d / 2, and t with 1 degree of freedom is 12.706.
    expect(spread([0.1, 0.3])).toBe('0.200 ± 1.271');
    expect(spread([0.25])).toBe('0.250');
  });

  it('are differences seed by seed', () => {
    expect(difference([0.5, 0.7], [0.4, 0.5])).toBe('+0.150 [-0.485, +0.785]');
    expect(difference([0.5], [0.75])).toBe('-0.250');
  });

  it('stand in tables', () => {
    expect(table(['a', 'b'], [['x', '1']])).toBe('| a | b |\n| --- | ---: |\n| x | 1 |');
  });
});

describe('sections', { timeout: 180_000 }, () => {
  it('compares habits: one that is the usual one makes no difference', async () => {
    const changes = [
      ['the same', { maxSamples: -1 }],
      ['random', { heuristic: 'random' }],
      ['early', { validation: 'held back' }],
    ] as const;
    const rows = cellsOf(await habits({ ...trial, changes }));
    expect(rows.map(([name]) => name)).toEqual(['usual', 'the same', 'random', 'early']);
    expect(rows[1]?.slice(1)).toEqual([rows[0]?.[1], '+0.000 [+0.000, +0.000]', rows[0]?.[3]]);
    expect(rows[2]?.[1]).not.toBe(rows[0]?.[1]);
    expect(rows[3]?.[1]).not.toBe(rows[0]?.[1]);
  });

  it('compares query sizes', async () => {
    const rows = cellsOf(await queries({ ...trial, seeds: 1, sizes: [20, 60] }));
    expect(rows[1]).toEqual(['20', rows[0]?.[1], '+0.000']);
    expect(rows[2]?.[0]).toBe('60');
  });

  it('compares one pass with many', async () => {
    const rows = cellsOf(await averaging({ ...trial, seeds: 1, sizes: [20] }));
    const mlp = rows.find(([name]) => name === '20 labels: nll') ?? [];
    expect(Number(mlp[2]) - Number(mlp[1])).toBeCloseTo(Number(mlp[3]), 2);
    expect(mlp[1]).not.toBe(mlp[2]);
  });

  it('compares methods of calibration; a temperature leaves the accuracy as it was', async () => {
    const rows = cellsOf(await calibrating({ ...trial, epochs: 5, sizes: [100] }));
    const figures = new Map(rows.map(([name = '', accuracy, nll]) => [name, { accuracy, nll }]));
    expect(figures.get('temperatureScaling')?.accuracy).toBe(figures.get('none')?.accuracy);
    expect(figures.get('temperatureScaling')?.nll).not.toBe(figures.get('none')?.nll);
    expect(figures.size).toBe(8);
  });
});
