import { z } from 'zod';
import type { StopConfig } from './config.ts';
import { atLeast, notNegative } from './schema-parts.ts';

/** The figures of an evaluation that are one number: what a criterion can watch. */
export const evaluationFigures = ['accuracy', 'brier', 'ece', 'loss', 'nll'] as const;

/** Schema of one entry of the key `stop`. */
export const stopSchema: z.ZodType<StopConfig> = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('labelling-budget').describe('Stop once so many items are labelled.'),
    budget: atLeast(1).describe('Number of labelled items, the initial ones included.'),
  }),
  z.strictObject({
    kind: z
      .literal('low-average-uncertainty')
      .describe('Stop once the pool is no longer uncertain.'),
    threshold: z.number().describe('Stop when the mean score of the pool is below this, in nats.'),
  }),
  z.strictObject({
    kind: z.literal('early-stopping').describe('Stop once a test figure no longer moves.'),
    metric: z.enum(evaluationFigures).default('accuracy').describe('Test figure to watch.'),
    patience: atLeast(1).default(10).describe('Rounds without a change before stopping.'),
    epsilon: notNegative().default(1e-4).describe('Smallest change that counts as one.'),
  }),
]);
