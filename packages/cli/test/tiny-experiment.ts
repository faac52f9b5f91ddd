import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRng, type Example, type NdArray } from '@baal/core';
import { blobs } from '@baal/core/testing';
import { stringify } from 'yaml';
import { writeIdx } from './idx-file.ts';

/** A folder with three clouds of points in IDX files, and configs that use them. */
export interface TinyExperiment {
  readonly folder: string;
  /** Writes a config with some keys changed; returns its path. */
  config(changes?: Readonly<Record<string, unknown>>, name?: string): string;
  /** A path in the folder. */
  at(...names: readonly string[]): string;
  remove(): void;
}

/** Makes a {@link TinyExperiment}: 2 features, 3 classes, 90 training and 60 test items. */
export async function tinyExperiment(): Promise<TinyExperiment> {
  const folder = mkdtempSync(join(tmpdir(), 'baal-tiny-'));
  const at = (...names: readonly string[]): string => join(folder, ...names);
  for (const [split, n] of [
    ['train', 90],
    ['test', 60],
  ] as const) {
    const items = blobs({ n, spread: 0.8, rng: createRng('tiny'), split });
    const examples: Example[] = [];
    for (let i = 0; i < n; i++) examples.push(await items.get(i));
    const values = examples.flatMap((e) => Array.from((e.input as NdArray<Float32Array>).data));
    writeIdx(at(`${split}-x.idx`), [n, 2], values);
    writeIdx(
      at(`${split}-y.idx`),
      [n],
      examples.map((e) => e.target as number),
    );
  }
  const base = {
    name: 'tiny',
    dataset: {
      kind: 'idx',
      train: { images: 'train-x.idx', labels: 'train-y.idx' },
      test: { images: 'test-x.idx', labels: 'test-y.idx' },
    },
    model: { kind: 'mlp', hidden: [16], dropout: 0.25 },
    heuristics: ['bald', 'random'],
    initial: { size: 6, balanced: true },
    querySize: 3,
    rounds: 3,
    iterations: 5,
    train: { epochs: 5, batchSize: 8, optimizer: { kind: 'adamw', lr: 0.01, weightDecay: 0.01 } },
    evaluate: { averagePredictions: 5 },
    seeds: [0, 1],
  };
  return {
    folder,
    at,
    config(changes = {}, name = 'tiny.yaml') {
      writeFileSync(at(name), stringify({ ...base, ...changes }));
      return at(name);
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
