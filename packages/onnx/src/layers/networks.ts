import type { Rng } from '@baal/core';
import type { Model } from '../model.ts';
import { conv2d } from './convolution.ts';
import { dense } from './dense.ts';
import { maxPool2d } from './pool.ts';
import { sequential } from './sequential.ts';
import { dropout, flatten, relu } from './simple.ts';

/** What every ready-made network needs. */
export interface NetworkOptions {
  /** Extents of an item, e.g. `[1, 28, 28]`. */
  readonly inputShape: readonly number[];
  /** Number of classes. */
  readonly classes: number;
  /** Stream for the initial weights. */
  readonly rng: Rng;
}

/**
 * The network of the DBAL paper: two 4x4 convolutions of 32 filters, 2x2 max pooling, dropout 0.25, a
 * dense layer of 128, dropout 0.5, logits.
 *
 * @see Gal, Islam and Ghahramani 2017, Deep Bayesian Active Learning with Image Data, section 5.1
 */
export function dbalCnn({ inputShape, classes, rng }: NetworkOptions): Model {
  return sequential({
    inputShape,
    rng,
    layers: [
      conv2d(32, 4),
      relu(),
      conv2d(32, 4),
      relu(),
      maxPool2d(2),
      dropout(0.25),
      flatten(),
      dense(128),
      relu(),
      dropout(0.5),
      dense(classes),
    ],
  });
}

/**
 * LeNet-5 with dropout: convolutions of 6 and 16 filters of 5x5 with max pooling, dense layers of 120
 * and 84, dropout 0.5 before each of the last two.
 *
 * @see LeCun et al. 1998, Gradient-Based Learning Applied to Document Recognition
 */
export function lenet({ inputShape, classes, rng }: NetworkOptions): Model {
  return sequential({
    inputShape,
    rng,
    layers: [
      conv2d(6, 5, { padding: 2 }),
      relu(),
      maxPool2d(2),
      conv2d(16, 5),
      relu(),
      maxPool2d(2),
      flatten(),
      dense(120),
      relu(),
      dropout(0.5),
      dense(84),
      relu(),
      dropout(0.5),
      dense(classes),
    ],
  });
}

/** Settings of {@link mlp}. */
export interface MlpOptions extends NetworkOptions {
  /** Units of the hidden layers; `[512, 512]` by default. */
  readonly hidden?: readonly number[];
  /** Dropout rate after each hidden layer; 0.5 by default. */
  readonly dropout?: number;
}

/** A multilayer perceptron: dense layers with ReLU and dropout, then logits. */
export function mlp(options: MlpOptions): Model {
  const { inputShape, classes, rng, hidden = [512, 512], dropout: rate = 0.5 } = options;
  return sequential({
    inputShape,
    rng,
    layers: [
      ...(inputShape.length === 1 ? [] : [flatten()]),
      ...hidden.flatMap((units) => [dense(units), relu(), dropout(rate)]),
      dense(classes),
    ],
  });
}
