import { ConfigError, ShapeError } from '@baal/core';
import { checkCount, type Layer } from './layer.ts';

/** Settings of {@link layerNorm} and {@link groupNorm}. */
export interface NormOptions {
  /** Added to the variance; 1e-5 by default. */
  readonly epsilon?: number;
}

/**
 * Layer normalisation over the last axis: `(x - mean) / √(variance + ε) · weight + bias`, with the
 * population variance. Weight 1 and bias 0 at the start, one for each value of the axis.
 *
 * @see Ba, Kiros and Hinton 2016, Layer Normalization
 */
export function layerNorm({ epsilon = 1e-5 }: NormOptions = {}): Layer {
  return (context, input) => {
    const size = input.shape.at(-1);
    if (size === undefined) {
      throw new ShapeError('layerNorm: input is one number an item, expected at least one axis');
    }
    const scope = context.scope('layerNorm');
    const weights = [
      context.constant(`${scope}.weight`, [size], 1),
      context.constant(`${scope}.bias`, [size], 0),
    ];
    const attributes = { axis: -1, epsilon: { float: epsilon } };
    const name = context.g.op('LayerNormalization', [input.name, ...weights], attributes, scope);
    return { ...input, name };
  };
}

/**
 * Group normalisation of `[C, …]`: the channels are split into groups of neighbours, each normalised by its
 * own mean and population variance over channels and positions; then `· weight + bias` by channel, 1 and 0
 * at the start. The same in training and prediction.
 *
 * @throws ConfigError if the channels do not divide into the groups
 * @see Wu and He 2018, Group Normalization
 */
export function groupNorm(groups: number, { epsilon = 1e-5 }: NormOptions = {}): Layer {
  checkCount('groupNorm', 'groups', groups);
  return (context, input) => {
    const [channels, ...rest] = input.shape;
    if (channels === undefined) {
      throw new ShapeError('groupNorm: input is one number an item, expected [channels, …]');
    }
    if (channels % groups !== 0) {
      throw new ConfigError(
        `groupNorm: ${channels} channels do not divide into ${groups} groups, expected a multiple of it`,
      );
    }
    const { g } = context;
    const scope = context.scope('groupNorm');
    const rows = g.op('Reshape', [input.name, g.ints([0, groups, -1])]);
    const normalized = g.op(
      'InstanceNormalization',
      [
        rows,
        context.buffer(`${scope}.ones`, [groups], 1),
        context.buffer(`${scope}.zeros`, [groups], 0),
      ],
      { epsilon: { float: epsilon } },
    );
    const wide = [channels, ...rest.map(() => 1)];
    const scaled = g.op('Mul', [
      g.op('Reshape', [normalized, g.ints([-1, ...input.shape])]),
      context.constant(`${scope}.weight`, wide, 1),
    ]);
    const name = g.op('Add', [scaled, context.constant(`${scope}.bias`, wide, 0)], {}, scope);
    return { ...input, name };
  };
}
