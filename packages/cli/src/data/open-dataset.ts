import { type ClassificationDataset, idxDataset, mnist } from '@baal/datasets';
import type { DatasetConfig, IdxConfig, IdxFilesConfig, MnistConfig } from '../config/config.ts';
import { corrupt } from './corrupt.ts';

/** What a cell learns from and is evaluated on. */
export interface Splits {
  readonly train: ClassificationDataset;
  readonly test: ClassificationDataset;
}

/**
 * Both splits of a dataset, read and checked, the training items made as unclean as the config wants
 * them. Paths must be absolute or relative to the working folder.
 *
 * @throws DataError, LabelError, ShapeError naming the file and the item that cannot be used.
 * @throws ConfigError if the classes do not fit `imbalance`.
 */
export async function openDataset(config: DatasetConfig): Promise<Splits> {
  const { train, test } = await (config.kind === 'mnist' ? openMnist(config) : openIdx(config));
  return { train: corrupt(train, config), test };
}

async function openMnist(config: MnistConfig): Promise<Splits> {
  const { scale, directory } = config;
  const common = { scale, ...(directory === undefined ? {} : { directory }) };
  const train = await mnist({ ...common, split: 'train', ...limit(config.train) });
  const test = await mnist({ ...common, split: 'test', ...limit(config.test) });
  return { train, test };
}

async function openIdx(config: IdxConfig): Promise<Splits> {
  const { scale, mean, std, inputShape, classes } = config;
  const shape = inputShape === undefined ? {} : { inputShape };
  const open = (files: IdxFilesConfig, known: number | undefined): Promise<ClassificationDataset> =>
    idxDataset(files.images, files.labels, {
      ...{ scale, mean, std, ...shape, ...limit(files.limit) },
      ...(known === undefined ? {} : { classes: known }),
    });
  const train = await open(config.train, classes);
  return { train, test: await open(config.test, train.classes) };
}

function limit(items: number | undefined): { readonly limit?: number } {
  return items === undefined ? {} : { limit: items };
}
