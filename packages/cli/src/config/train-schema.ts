import { z } from 'zod';
import type { OptimizerConfig, ScheduleConfig, TrainConfig } from './config.ts';
import { atLeast, notNegative, positive } from './schema-parts.ts';

const lr = positive().describe('Learning rate.');
const decoupled = notNegative().default(0.01).describe('Decoupled weight decay.');
const coupled = notNegative().default(0).describe('L2 penalty added to the gradient.');

const beta = z.number().min(0).lt(1);
const moments = {
  betas: z
    .tuple([beta, beta])
    .exactOptional()
    .describe('Decay of the two moments, each 0 <= b < 1; 0.9 and 0.999 if left out.'),
  eps: positive()
    .exactOptional()
    .describe('Added to the root of the second moment; 1e-8 if left out.'),
};

const optimizerSchema: z.ZodType<OptimizerConfig> = z
  .discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('adamw').describe('Adam with decoupled weight decay.'),
      lr: lr.default(0.001),
      ...moments,
      weightDecay: decoupled,
    }),
    z.strictObject({
      kind: z.literal('adam').describe('Adam.'),
      lr: lr.default(0.001),
      ...moments,
      weightDecay: coupled,
    }),
    z.strictObject({
      kind: z.literal('sgd').describe('Stochastic gradient descent.'),
      lr: lr.default(0.01),
      momentum: z.number().min(0).lt(1).default(0.9).describe('Momentum, 0 <= m < 1.'),
      nesterov: z
        .boolean()
        .exactOptional()
        .describe('Looks ahead along the momentum; it does not if left out.'),
      weightDecay: coupled,
    }),
  ])
  .describe('The optimiser; it starts afresh in every round.');

const unit = z
  .enum(['step', 'epoch'])
  .default('epoch')
  .describe('What is counted: updates or epochs.');
const share = z.number().min(0).max(1);
const schedule: z.ZodType<ScheduleConfig> = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('step').describe('Times gamma after every so many units.'),
    every: atLeast(1).describe('Units between two changes.'),
    gamma: positive().describe('Factor at each change.'),
    unit,
  }),
  z.strictObject({
    kind: z.literal('cosine').describe('Half a cosine down to a floor.'),
    length: atLeast(1).describe('Units until the floor is reached.'),
    floor: share.default(0).describe('Share of the learning rate at the end, 0 <= f <= 1.'),
    unit,
  }),
  z.strictObject({
    kind: z.literal('warmUp').describe('A line up to the whole learning rate.'),
    length: atLeast(1).describe('Units until the whole learning rate is reached.'),
    start: share.default(1 / 3).describe('Share of the learning rate at first, 0 <= s <= 1.'),
    unit,
  }),
]);

const clipping = z
  .union([
    z.strictObject({ norm: positive().describe('Bound on the norm of all gradients together.') }),
    z.strictObject({ value: positive().describe('Bound on the absolute value of each gradient.') }),
  ])
  .exactOptional()
  .describe('Bounds the gradients before each update; none if left out.');

const patterns = z
  .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
  .describe('Names of parameters, * for any characters, e.g. conv*; one or a list.');

const learningRates = z
  .array(
    z.strictObject({
      parameters: patterns,
      factor: positive().describe('Multiple of the learning rate.'),
    }),
  )
  .min(1)
  .exactOptional()
  .describe(
    'Parameters with another learning rate; the first entry that names one counts. None if left out.',
  );

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

/** How a network learns where nothing is said. */
export const trainDefaults: TrainConfig = {
  epochs: 30,
  batchSize: 64,
  optimizer: { kind: 'adamw', lr: 0.001, weightDecay: 0.01 },
  until: null,
};

/**
 * Schema of the key `train`. What came after the first journals has no default here: a config that says
 * nothing of it has the header that it has always had, and old runs go on.
 */
export const trainSchema: z.ZodType<TrainConfig> = z.strictObject({
  epochs: atLeast(1).default(30).describe('Passes over the labelled items in each round.'),
  batchSize: atLeast(1).default(64).describe('Items a training step.'),
  optimizer: optimizerSchema.default(trainDefaults.optimizer),
  schedule: z
    .array(schedule)
    .min(1)
    .exactOptional()
    .describe(
      'Factors of the learning rate, multiplied; they start afresh in every round. None if left out.',
    ),
  clipping,
  learningRates,
  freeze: patterns
    .exactOptional()
    .describe(
      'Parameters that stay as they are drawn: names, * for any characters. None if left out.',
    ),
  until,
});
