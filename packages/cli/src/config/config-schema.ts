import { z } from 'zod';
import { providers } from '../model/load-runtime.ts';
import { checkTogether } from './check-together.ts';
import type { ExperimentConfig } from './config.ts';
import { datasetSchema } from './dataset-schema.ts';
import { heuristicSchema } from './heuristic-schema.ts';
import { stopSetSchema, targetsSchema } from './items-schema.ts';
import { bayesianSchema, modelSchema } from './model-schema.ts';
import { atLeast } from './schema-parts.ts';
import { stopSchema } from './stop-schema.ts';
import { trainDefaults, trainSchema } from './train-schema.ts';

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
      .array(heuristicSchema)
      .min(1)
      .default(['bald', 'random'])
      .describe(
        'Heuristics to compare: names, or { kind, label, ...options }. Keep random among them: savings are counted against it.',
      ),
    targets: targetsSchema.optional(),
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
    querySize: z
      .union([atLeast(1), z.array(atLeast(1)).min(1).refine(different, 'each query size once')])
      .default(10)
      .describe(
        'Items labelled after each round. A list runs every heuristic with every size, as bald-b5, bald-b10; it needs the key labels.',
      ),
    rounds: atLeast(1)
      .optional()
      .describe(
        'Number of points on the learning curve; nothing is acquired after the last one. 12 unless labels is given.',
      ),
    labels: atLeast(1)
      .optional()
      .describe(
        'In place of rounds: every curve ends with so many labels; the last acquisition takes what is missing. Curves of all query sizes then cover the same range.',
      ),
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
      .default(trainDefaults)
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
    stopSet: stopSetSchema.optional(),
    threads: atLeast(1)
      .max(256)
      .default(1)
      .describe(
        'Threads of each cell; they change the last digits of matrix products, so they are part of the experiment. As many cells run at a time as the cores carry.',
      ),
    provider: z
      .enum(providers)
      .exactOptional()
      .describe('What computes: the processor, cpu, if left out. It is an error if it is missing.'),
    fallback: z
      .boolean()
      .exactOptional()
      .describe('Goes on with cpu where the provider is missing.'),
  })
  .superRefine(checkTogether)
  .transform((config) =>
    config.labels === undefined ? { ...config, rounds: config.rounds ?? 12 } : config,
  )
  .describe('An experiment of the command `baal run`.');

/** The schema as JSON Schema (draft 2020-12), for editors: what is published in `schema/`. */
export function configJsonSchema(): Record<string, unknown> {
  return { title: 'baal experiment', ...z.toJSONSchema(configSchema, { io: 'input' }) };
}
