import { z } from 'zod';
import type { BayesianConfig, ModelConfig } from './config.ts';
import { atLeast } from './schema-parts.ts';

const rate = z.number().min(0).lt(1);

/** Schema of the key `model`. */
export const modelSchema: z.ZodType<ModelConfig> = z
  .discriminatedUnion('kind', [
    z
      .strictObject({ kind: z.literal('dbal-cnn').describe('The network of Gal et al. 2017.') })
      .describe('conv 4x4x32, conv 4x4x32, pool 2, dropout .25, dense 128, dropout .5, dense.'),
    z
      .strictObject({ kind: z.literal('lenet').describe('A small network with two convolutions.') })
      .describe('LeNet with dropout.'),
    z
      .strictObject({
        kind: z.literal('mlp').describe('Dense layers on the flattened input.'),
        hidden: z
          .array(atLeast(1).max(65536))
          .min(1)
          .default([512, 512])
          .describe('Units of each hidden layer, 65536 at most.'),
        dropout: rate
          .default(0.5)
          .describe('Share of units dropped after each hidden layer, 0 <= p < 1.'),
      })
      .describe('A multi-layer perceptron.'),
  ])
  .describe('The network. Its input shape and classes come from the dataset.');

/** Schema of the key `bayesian`. */
export const bayesianSchema: z.ZodType<BayesianConfig> = z
  .discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('mc-dropout').describe('Dropout stays on while predicting.'),
      masks: z
        .enum(['joint', 'marginal'])
        .default('joint')
        .describe(
          'joint: one mask a pass, shared by all items. marginal: one mask a pass and item.',
        ),
    }),
  ])
  .describe('How the network becomes Bayesian.');
