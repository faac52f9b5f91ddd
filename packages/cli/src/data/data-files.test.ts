import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { IdxConfig } from '../config/config.ts';
import { checkSameData, digests, readDataFiles } from './data-files.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'baal-data-'));
  writeFileSync(join(folder, 'a'), 'abc');
  writeFileSync(join(folder, 'b'), '');
});
afterAll(() => rmSync(folder, { recursive: true }));

const dataset = (images: string): IdxConfig => ({
  kind: 'idx',
  train: { images: join(folder, images), labels: join(folder, 'b') },
  test: { images: join(folder, 'b'), labels: join(folder, 'a') },
  scale: 1,
  mean: 0,
  std: 1,
});

// The test vectors of FIPS 180 for 'abc' and the empty text.
const abc = {
  bytes: 3,
  sha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
};
const empty = {
  bytes: 0,
  sha256: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
};

describe('readDataFiles', () => {
  it('digests every file by its role', async () => {
    expect(digests(await readDataFiles(dataset('a')))).toEqual({
      'train.images': abc,
      'train.labels': empty,
      'test.images': empty,
      'test.labels': abc,
    });
  });

  it('names a file that is not there', async () => {
    await expect(readDataFiles(dataset('gone'))).rejects.toThrow(/gone: cannot read .*ENOENT/);
  });
});

describe('checkSameData', () => {
  it('takes the same bytes, and names the file of others, or of none recorded', async () => {
    const files = await readDataFiles(dataset('a'));
    const recorded = digests(files);
    checkSameData('there', files, recorded);
    for (const other of [
      { ...recorded, 'test.labels': empty },
      { ...recorded, 'test.labels': { ...abc, bytes: 4 } },
      { ...recorded, 'test.labels': undefined },
    ]) {
      expect(() => checkSameData('there', files, other)).toThrow(
        `${join(folder, 'a')}: the data (dataset.test.labels) are not those of there`,
      );
    }
    expect(() => checkSameData('there', files, undefined)).toThrow('dataset.train.images');
  });
});
