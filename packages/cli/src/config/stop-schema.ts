import { z } from 'zod';
import { atLeast, notNegative, positive } from './schema-parts.ts';
import type { StopConfig } from './stop-config.ts';

/** The figures of an evaluation that are one number: what a criterion can watch. */
export const evaluationFigures = ['accuracy', 'brier', 'ece', 'loss', 'nll'] as const;

const kappa = z.number().min(-1).max(1).default(0.99);
const metric = z.enum(evaluationFigures).default('accuracy').describe('Test figure to watch.');
const criteria = (): z.ZodType<readonly StopConfig[]> => z.array(z.lazy(() => stopSchema)).min(1);

/** Schema of one entry of the key `stop`. */
export const stopSchema: z.ZodType<StopConfig> = z
  .discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('labelling-budget').describe('Stop once so many items are labelled.'),
      budget: atLeast(1).describe('Number of labelled items, the initial ones included.'),
    }),
    z.strictObject({
      kind: z
        .literal('low-average-uncertainty')
        .describe('Stop once the pool is no longer uncertain.'),
      threshold: z
        .number()
        .describe('Stop when the mean score of the pool is below this, in nats.'),
    }),
    z.strictObject({
      kind: z.literal('early-stopping').describe('Stop once a test figure no longer moves.'),
      metric,
      patience: atLeast(1).default(10).describe('Rounds without a change before stopping.'),
      epsilon: notNegative().default(1e-4).describe('Smallest change that counts as one.'),
    }),
    z.strictObject({
      kind: z.literal('metric-level').describe('Stop once a test figure has reached a level.'),
      metric,
      level: z.number().describe('The level, inclusively.'),
      direction: z
        .enum(['atLeast', 'atMost'])
        .default('atLeast')
        .describe('atLeast for accuracy, atMost for errors and losses.'),
    }),
    z.strictObject({
      kind: z
        .literal('time-budget')
        .describe('Stop once a cell has taken so long. Other machines then stop elsewhere.'),
      seconds: positive().describe('Seconds of all its rounds, those before an interruption too.'),
    }),
    z.strictObject({
      kind: z
        .literal('kappa-agreement')
        .describe('Stop once successive models agree about the stop set (stopSet).'),
      threshold: kappa.describe("Least Cohen's kappa of the classes of two successive rounds."),
      patience: atLeast(1).default(1).describe('How many times in a row.'),
    }),
    z.strictObject({
      kind: z
        .literal('stabilizing-predictions')
        .describe('Stop once predictions of the stop set (stopSet) have stabilised.'),
      threshold: kappa.describe('Least mean kappa of successive rounds.'),
      window: atLeast(1).default(3).describe('How many kappas are averaged.'),
    }),
    z.strictObject({
      kind: z
        .literal('classification-change')
        .describe('Stop once classes of the stop set (stopSet) no longer change.'),
      threshold: z
        .number()
        .min(0)
        .max(1)
        .default(0)
        .describe('Largest share whose class may change between two rounds.'),
      patience: atLeast(1).default(2).describe('How many times in a row.'),
    }),
    z.strictObject({
      kind: z
        .literal('overall-uncertainty')
        .describe('Stop once the model is certain about the stop set (stopSet).'),
      threshold: notNegative().describe('Stop when its mean predictive entropy is below, in nats.'),
    }),
    z.strictObject({
      kind: z.literal('any-of').describe('Stop when one of several criteria says so.'),
      criteria: criteria().describe('The criteria; all are asked in every round.'),
    }),
    z.strictObject({
      kind: z.literal('all-of').describe('Stop when all of several criteria say so in one round.'),
      criteria: criteria().describe('The criteria; all are asked in every round.'),
    }),
  ])
  .meta({ id: 'criterion' });
