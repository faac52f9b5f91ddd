import { resolve } from 'node:path';
import type { DatasetConfig, ExperimentConfig, IdxFilesConfig } from './config.ts';

/** The same experiment with the paths of its data made absolute: those in a file are relative to that file. */
export function resolvePaths(config: ExperimentConfig, folder: string): ExperimentConfig {
  return { ...config, dataset: resolveDataset(config.dataset, folder) };
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
