import { describe, expect, it } from 'vitest';
import { judge, makeRow, median, type RowDefinition } from './row.ts';

const slower: RowDefinition = {
  name: 'step: ours / theirs',
  unit: 'ms',
  ratio: 'ours/other',
  gate: 1.3,
  aim: 1,
};
const faster: RowDefinition = {
  name: 'passes: theirs / ours',
  unit: 's',
  ratio: 'other/ours',
  gate: 25,
  aim: 35,
};

describe('median', () => {
  it('is the middle by size, not by text or position, and leaves its input as it is', () => {
    const values = [100, 9, 20];
    expect(median(values)).toBe(20);
    expect(values).toEqual([100, 9, 20]);
  });

  it('is the mean of the two in the middle of an even number', () => {
    expect(median([4, 1, 3, 10])).toBe(3.5);
  });

  it('does not move with one outlier', () => {
    expect(median([5, 5, 5, 5, 9000])).toBe(5);
  });

  it('refuses no values', () => {
    expect(() => median([])).toThrow(RangeError);
  });
});

describe('judge', () => {
  it.each([
    [0.9, 'aim'],
    [1, 'aim'],
    [1.01, 'gate'],
    [1.3, 'gate'],
    [1.31, 'missed'],
  ])('ours/other of %f, at most 1.3, better 1: %s', (ratio, met) => {
    expect(judge(slower, ratio)).toBe(met);
  });

  it.each([
    [36, 'aim'],
    [35, 'aim'],
    [34.9, 'gate'],
    [25, 'gate'],
    [24.9, 'missed'],
    [0.02, 'missed'],
  ])('other/ours of %f, at least 25, better 35: %s', (ratio, met) => {
    expect(judge(faster, ratio)).toBe(met);
  });
});

it('judges by the better side where it is named', () => {
  const gain = { ratio: 'ours/other', better: 'higher', gate: 0.99, aim: 1 } as const;
  expect([0.98, 0.99, 1.01].map((ratio) => judge(gain, ratio))).toEqual(['missed', 'gate', 'aim']);
  const row = makeRow({ ...gain, name: 'gain', unit: 'nats' }, { ours: [3], other: [2] }, 'how');
  expect(row).toMatchObject({ ours: 3, other: 2, ratio: 1.5, better: 'higher', met: 'aim' });
});

describe('makeRow', () => {
  it('divides medians, not means', () => {
    const row = makeRow(slower, { ours: [12, 10, 900], other: [8, 7, 9] }, 'how');
    expect(row).toMatchObject({ ours: 12, other: 8, ratio: 1.5, met: 'missed', better: 'lower' });
  });

  it('divides the other way round where the name does, and gives times in the unit', () => {
    const row = makeRow(faster, { ours: [2000, 1000, 3000], other: [60_000] }, 'how');
    expect(row).toEqual({
      name: faster.name,
      ours: 2,
      other: 60,
      unit: 's',
      ratio: 30,
      target: 25,
      aim: 35,
      better: 'higher',
      met: 'gate',
      note: 'how',
      samples: { ours: [2, 1, 3], other: [60] },
    });
  });

  it('is skipped without the other side, but has our time', () => {
    const row = makeRow(slower, { ours: [3] }, 'skipped: no other');
    expect(row).toMatchObject({ ours: 3, other: null, ratio: null, met: 'skipped' });
  });
});
