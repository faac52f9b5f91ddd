import { PLAIN_HEURISTIC_NAMES } from '@baal/core';
import { z } from 'zod';
import type { ExperimentConfig } from './config.ts';
import { datasetSchema } from './dataset-schema.ts';
import { bayesianSchema, modelSchema } from './model-schema.ts';
import { atLeast } from './schema-parts.ts';
import { stopSchema } from './stop-schema.ts';
import { trainSchema } from './train-schema.ts';

const different = (values: readonly unknown[]): boolean => new Set(values).size === values.length;

/**
 * Schema of an experiment. Every key is described, every default stands here or in the part that the
 * key belongs to. What needs the data or the heuristics to judge is checked elsewhere.
 */
export const configSchema: z.ZodType<ExperimentConfig> = z
  .strictObject({
    name: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'letters, digits, dots, dashes and underscores')
      .describe('Name of the experiment; results go to runs/<name> unless --out says otherwise.'),
    dataset: datasetSchema,
    model: modelSchema,
    bayesian: bayesianSchema.default({ kind: 'mc-dropout', masks: 'joint' }),
    heuristics: z
      .array(z.enum(PLAIN_HEURISTIC_NAMES))
      .min(1)
      .refine(different, 'each strategy once')
      .default(['bald', 'random'])
      .describe('Strategies to compare. Keep random among them: savings are counted against it.'),
    initial: z
      .strictObject({
        size: atLeast(1).default(20).describe('Number of items labelled before the first round.'),
        balanced: z
          .boolean()
          .default(true)
          .describe('The same number of each class, or drawn at random.'),
      })
      .default({ size: 20, balanced: true })
      .describe('The first labelled items; the same for every strategy with the same seed.'),
    querySize: atLeast(1).default(10).describe('Items labelled after each round.'),
    rounds: atLeast(1)
      .default(12)
      .describe('Number of points on the learning curve; nothing is acquired after the last one.'),
    iterations: atLeast(1)
      .default(20)
      .describe('K, posterior samples an item when the pool is scored.'),
    pool: z
      .strictObject({
        maxSamples: atLeast(1)
          .nullable()
          .default(null)
          .describe(
            'Score a random part of the pool in each round, of so many items; null scores all.',
          ),
      })
      .default({ maxSamples: null })
      .describe('How the pool is scored.'),
    train: trainSchema
      .default({
        epochs: 30,
        batchSize: 64,
        optimizer: { kind: 'adamw', lr: 0.001, weightDecay: 0.01 },
        until: null,
      })
      .describe('Training in each round, from the initial weights.'),
    evaluate: z
      .strictObject({
        averagePredictions: atLeast(1)
          .default(20)
          .describe('Posterior samples that are averaged on the test set.'),
      })
      .default({ averagePredictions: 20 })
      .describe('Evaluation on the test set in each round.'),
    seeds: z
      .array(atLeast(0))
      .min(1)
      .refine(different, 'each seed once')
      .default([0, 1])
      .describe(
        'One repetition a seed. Strategies with the same seed start from the same labels and weights.',
      ),
    stop: z
      .array(stopSchema)
      .default([])
      .describe('Criteria that end a cell before its rounds are over.'),
    threads: atLeast(1)
      .max(256)
      .default(1)
      .describe(
        'Threads of each cell; they change the last digits of matrix products, so they are part of the experiment. As many cells run at a time as the cores carry.',
      ),
  })
  .describe('An experiment of the command `baal run`.');

/** The schema as JSON Schema (draft 2020-12), for editors: what is published in `schema/`. */
export function configJsonSchema(): Record<string, unknown> {
  return { title: 'baal experiment', ...z.toJSONSchema(configSchema, { io: 'input' }) };
}
