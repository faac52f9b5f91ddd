import { z } from 'zod';
import type { OptimizerConfig, TrainConfig } from './config.ts';
import { atLeast, notNegative, positive } from './schema-parts.ts';

const lr = positive().describe('Learning rate.');
const decoupled = notNegative().default(0.01).describe('Decoupled weight decay.');
const coupled = notNegative().default(0).describe('L2 penalty added to the gradient.');

const optimizerSchema: z.ZodType<OptimizerConfig> = z
  .discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('adamw').describe('Adam with decoupled weight decay.'),
      lr: lr.default(0.001),
      weightDecay: decoupled,
    }),
    z.strictObject({
      kind: z.literal('adam').describe('Adam.'),
      lr: lr.default(0.001),
      weightDecay: coupled,
    }),
    z.strictObject({
      kind: z.literal('sgd').describe('Stochastic gradient descent.'),
      lr: lr.default(0.01),
      momentum: z.number().min(0).lt(1).default(0.9).describe('Momentum, 0 <= m < 1.'),
      weightDecay: coupled,
    }),
  ])
  .describe('The optimiser; it starts afresh in every round.');

const until = z
  .union([
    z.null(),
    z.strictObject({
      accuracy: z.number().gt(0).max(1).describe('Training accuracy, 0 < a <= 1.'),
    }),
    z.strictObject({ loss: positive().describe('Training loss in nats.') }),
  ])
  .default(null)
  .describe('Stop training in a round once this level is reached; null trains all epochs.');

/** Schema of the key `train`. */
export const trainSchema: z.ZodType<TrainConfig> = z.strictObject({
  epochs: atLeast(1).default(30).describe('Passes over the labelled items in each round.'),
  batchSize: atLeast(1).default(64).describe('Items a training step.'),
  optimizer: optimizerSchema.default({ kind: 'adamw', lr: 0.001, weightDecay: 0.01 }),
  until,
});
