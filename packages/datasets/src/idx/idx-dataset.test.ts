import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { NdArray } from '@baal/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { idxDataset } from './idx-dataset.ts';

let folder = '';
const file = (name: string): string => join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'baal-idx-'));
  const images = Buffer.of(0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 2, ...range(12));
  writeFileSync(file('images'), images);
  writeFileSync(file('images.gz'), gzipSync(images));
  writeFileSync(file('labels'), Buffer.of(0, 0, 8, 1, 0, 0, 0, 3, 2, 0, 1));
  writeFileSync(file('two-labels'), Buffer.of(0, 0, 8, 1, 0, 0, 0, 2, 2, 0));
  const nan = Buffer.alloc(12 + 3 * 2 * 4);
  nan.set([0, 0, 0x0d, 2, 0, 0, 0, 3, 0, 0, 0, 2]);
  nan.writeFloatBE(Number.NaN, 12 + 3 * 4);
  writeFileSync(file('nan'), nan);
});
afterAll(() => rmSync(folder, { recursive: true }));

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const values = (input: unknown): number[] => Array.from((input as NdArray<Float32Array>).data);

describe('idxDataset', () => {
  it.each(['images', 'images.gz'])('reads %s: channel axis, labels, ids', async (name) => {
    const dataset = await idxDataset(file(name), file('labels'));
    expect(dataset.length).toBe(3);
    expect(dataset.inputShape).toEqual([1, 2, 2]);
    expect(dataset.classes).toBe(3);
    const item = dataset.get(1);
    expect(values(item.input)).toEqual([4, 5, 6, 7]);
    expect(item.target).toBe(0);
    expect(dataset.id(2)).toBe('2');
    expect(range(3).map((i) => dataset.classOf(i))).toEqual([2, 0, 1]);
  });

  it('scales, then standardises', async () => {
    const options = { scale: 0.5, mean: 1, std: 0.25 };
    const dataset = await idxDataset(file('images'), file('labels'), options);
    expect(values(dataset.get(2).input)).toEqual([8, 9, 10, 11].map((x) => (x * 0.5 - 1) / 0.25));
  });

  it('takes the first items and another item shape', async () => {
    const options = { limit: 2, inputShape: [4] };
    const dataset = await idxDataset(file('images'), file('labels'), options);
    expect([dataset.length, dataset.inputShape]).toEqual([2, [4]]);
    expect(() => dataset.get(2)).toThrow(/expected 0 <= index < 2, got 2/);
  });

  it.each([
    ['a missing file', 'nowhere', 'labels', {}, /nowhere: the file does not exist/],
    ['a folder', '.', 'labels', {}, /cannot read the file \(EISDIR\)/],
    ['labels of other images', 'images', 'two-labels', {}, /expected shape \[3\], got \[2\]/],
    ['images as labels', 'images', 'images', {}, /expected shape \[3\], got \[3, 2, 2\]/],
    ['too few classes', 'images', 'labels', { classes: 2 }, /item 0 .*0 <= label < 2, got 2/],
    ['NaN in the data', 'nan', 'labels', {}, /item 1 holds NaN at value 1/],
    ['a limit past the end', 'images', 'labels', { limit: 4 }, /first 4 items, expected 0 to 3/],
    ['a wrong item shape', 'images', 'labels', { inputShape: [3] }, /4 values.*got \[3\]/],
    ['a deviation of 0', 'images', 'labels', { std: 0 }, /std other than 0/],
  ])('refuses %s', async (_, images, labels, options, text) => {
    await expect(idxDataset(file(images), file(labels), options)).rejects.toThrow(text);
  });
});
