import { resolve } from 'node:path';
import type { DatasetConfig, ExperimentConfig, IdxFilesConfig } from './config.ts';
import type { HeuristicChoice, HeuristicEntry, HeuristicWithOptions } from './heuristic-config.ts';

/** The same experiment with the paths of its files made absolute: those in a file are relative to that file. */
export function resolvePaths(config: ExperimentConfig, folder: string): ExperimentConfig {
  return {
    ...config,
    dataset: resolveDataset(config.dataset, folder),
    heuristics: config.heuristics.map((entry) => resolveScores(entry, folder)),
  };
}

function resolveDataset(dataset: DatasetConfig, folder: string): DatasetConfig {
  if (dataset.kind === 'mnist') {
    const { directory } = dataset;
    return directory === undefined
      ? dataset
      : { ...dataset, directory: resolve(folder, directory) };
  }
  const files = (split: IdxFilesConfig): IdxFilesConfig => ({
    ...split,
    images: resolve(folder, split.images),
    labels: resolve(folder, split.labels),
  });
  return { ...dataset, train: files(dataset.train), test: files(dataset.test) };
}

/** Precomputed scores may lie below samplers, and nowhere else. */
function resolveScores<T extends HeuristicChoice | HeuristicEntry>(choice: T, folder: string): T {
  if (typeof choice === 'string') return choice;
  const { file, base, first } = choice as HeuristicWithOptions;
  return {
    ...(choice as object),
    ...(file === undefined ? {} : { file: resolve(folder, file) }),
    ...(base === undefined ? {} : { base: resolveScores(base, folder) }),
    ...(first === undefined ? {} : { first: resolveScores(first, folder) }),
  } as T;
}
