// What the figures of the FAQ share: the digits, the networks, and how figures are printed.
import {
  accuracy,
  brier,
  createRng,
  ece,
  meanInterval,
  nll,
  pairedTTest,
  subset,
} from '@baal/core';
import { mnist } from '@baal/datasets';
import { ModelWrapper, mcDropout, mlp } from '@baal/onnx';

/**
 * How much is measured; small numbers make a trial of it.
 *
 * @typedef {object} Scale
 * @property {number} seeds Runs of each kind.
 * @property {number} pool Training images.
 * @property {number} test Test images.
 * @property {number} epochs Passes over the labelled items in a training.
 */

/** Posterior samples, of the pool and in tests. */
export const K = 20;

/** Where the figures come from. */
export const FULL = { seeds: 5, pool: 3000, test: 2000, epochs: 100 };

/**
 * The images: `train` to label and to score, 500 more that no run may train on, `test` to test on.
 *
 * @param {Scale} scale
 */
export async function digits({ pool, test }) {
  const images = await mnist({ split: 'train', limit: pool + 500 });
  const part = (/** @type {number} */ from, /** @type {number} */ length) =>
    subset(
      images,
      Array.from({ length }, (_, i) => from + i),
    );
  return {
    train: part(0, pool),
    extra: part(pool, 500),
    test: await mnist({ split: 'test', limit: test }),
  };
}

/**
 * An MLP 784-128-10 with Monte Carlo dropout of 0.5, on one thread. The seed decides its initial weights.
 *
 * @param {number} seed
 * @param {{ readonly optimizer?: import('@baal/onnx').OptimizerConfig, readonly epochs: number }} options
 */
export function createWrapper(seed, { optimizer = { kind: 'adamw', lr: 0.001 }, epochs }) {
  const rng = createRng(seed).fork('weights');
  const network = mlp({ inputShape: [1, 28, 28], classes: 10, hidden: [128], rng });
  return ModelWrapper.create(mcDropout(network), {
    optimizer,
    epochs,
    batchSize: 32,
    threads: 1,
    metrics: () => [accuracy(), nll(), brier(), ece()],
  });
}

/** Mean and half of its 95 % interval over seeds. @param {readonly number[]} values @param {number} [digits] */
export function spread(values, digits = 3) {
  const { mean, interval } = meanInterval(values);
  const half =
    interval === null ? '' : ` ± ${((interval.upper - interval.lower) / 2).toFixed(digits)}`;
  return `${mean.toFixed(digits)}${half}`;
}

/**
 * Mean of `a - b`, seed by seed, with its 95 % interval.
 *
 * @param {readonly number[]} a @param {readonly number[]} b @param {number} [digits]
 */
export function difference(a, b, digits = 3) {
  const { mean, interval } = pairedTTest(a, b);
  const signed = (/** @type {number} */ value) => `${value < 0 ? '' : '+'}${value.toFixed(digits)}`;
  return `${signed(mean)}${interval === null ? '' : ` [${signed(interval.lower)}, ${signed(interval.upper)}]`}`;
}

/** A Markdown table. @param {readonly string[]} head @param {readonly (readonly string[])[]} rows */
export function table(head, rows) {
  const line = (/** @type {readonly string[]} */ cells) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line)].join(
    '\n',
  );
}
