import { ConfigError } from '@baal/core';
import type { Model } from '../model.ts';
import { batchNorm } from './batch-norm.ts';
import { residual } from './blocks.ts';
import { conv2d } from './convolution.ts';
import { dense } from './dense.ts';
import type { Layer } from './layer.ts';
import type { NetworkOptions } from './networks.ts';
import { globalAveragePool, maxPool2d } from './pool.ts';
import { sequential } from './sequential.ts';
import { dropout, relu } from './simple.ts';

/** Settings of {@link resnet}. */
export interface ResnetOptions extends NetworkOptions {
  /** Blocks of each stage; `[2, 2, 2, 2]` by default, which makes ResNet-18. */
  readonly blocks?: readonly number[];
  /** Filters of the first stage, doubled in each later one; 64 by default. */
  readonly filters?: number;
  /**
   * What comes first: `large` (default) a 7x7 convolution of stride 2 and 3x3 max pooling of stride 2, as
   * published; `small`, for images of some 32x32, a 3x3 convolution.
   */
  readonly stem?: 'large' | 'small';
  /** Dropout rate before the last layer; 0 by default, none. */
  readonly dropout?: number;
}

/**
 * A residual network of basic blocks: two 3x3 convolutions with batch normalisation, added to the block's
 * input. The first block of each later stage halves the image, with a 1x1 convolution as its shortcut.
 *
 * @throws ConfigError if there are no stages
 * @see He et al. 2016, Deep Residual Learning for Image Recognition, table 1
 */
export function resnet(options: ResnetOptions): Model {
  const { inputShape, classes, rng, blocks = [2, 2, 2, 2], filters = 64 } = options;
  const { stem = 'large', dropout: rate = 0 } = options;
  if (blocks.length === 0) throw new ConfigError('resnet: no stages given, expected at least 1');
  const first: Layer[] =
    stem === 'small'
      ? [conv2d(filters, 3, { padding: 1, bias: false }), batchNorm(), relu()]
      : [
          conv2d(filters, 7, { stride: 2, padding: 3, bias: false }),
          batchNorm(),
          relu(),
          maxPool2d(3, { stride: 2, padding: 1 }),
        ];
  const stages = blocks.flatMap((count, stage) =>
    Array.from({ length: count }, (_, i) => basicBlock(filters * 2 ** stage, stage > 0 && i === 0)),
  );
  return sequential({
    inputShape,
    rng,
    layers: [
      ...first,
      ...stages.flat(),
      globalAveragePool(),
      ...(rate === 0 ? [] : [dropout(rate)]),
      dense(classes),
    ],
  });
}

function basicBlock(filters: number, halves: boolean): Layer[] {
  const stride = halves ? 2 : 1;
  const shortcut = halves ? [conv2d(filters, 1, { stride, bias: false }), batchNorm()] : [];
  return [
    residual(
      [
        conv2d(filters, 3, { stride, padding: 1, bias: false }),
        batchNorm(),
        relu(),
        conv2d(filters, 3, { padding: 1, bias: false }),
        batchNorm(),
      ],
      shortcut,
    ),
    relu(),
  ];
}
