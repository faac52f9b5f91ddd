import { z } from 'zod';
import type { ItemsConfig } from './config.ts';
import { atLeast } from './schema-parts.ts';

const from = z
  .enum(['test', 'pool'])
  .describe('The test set, or the pool as it is before the first round. Labels are not read.');

const size = atLeast(1).describe(
  'Number of items, drawn by the seed, the same for all strategies.',
);

/** Schema of the key `targets`. */
export const targetsSchema: z.ZodType<ItemsConfig> = z
  .strictObject({ from: from.default('test'), size: size.default(500) })
  .describe('The inputs that matter in the end, for heuristics that look at them: epig.');

/** Schema of the key `stopSet`. */
export const stopSetSchema: z.ZodType<ItemsConfig> = z
  .strictObject({ from: from.default('pool'), size: size.default(2000) })
  .describe('Items predicted in every round, for criteria that compare successive models.');
