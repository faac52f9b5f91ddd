// Rounds of active learning, with one habit changed at a time.
import {
  ActiveLearningDataset,
  ActiveLearningLoop,
  bald,
  createRng,
  random,
  subset,
} from '@baal/core';
import { createWrapper, K } from './study.mjs';

/**
 * How a run learns.
 *
 * @typedef {object} Habit
 * @property {'bald' | 'random'} heuristic
 * @property {number} querySize Items labelled a round.
 * @property {number} maxSamples Items of the pool that are scored; -1, all.
 * @property {boolean} reset Whether a training begins at the initial weights.
 * @property {import('@baal/onnx').OptimizerConfig} optimizer
 * @property {'none' | 'held back' | 'extra'} validation Early stopping on a fifth of the labels, or on images that cost no labels.
 */

/** @type {Habit} */
export const USUAL = {
  heuristic: 'bald',
  querySize: 20,
  maxSamples: -1,
  reset: true,
  optimizer: { kind: 'adamw', lr: 0.001 },
  validation: 'none',
};

/** Labels at the start, and how many come between two tests. */
const [START, EVERY] = [20, 20];

/** Labels at the end. */
export const END = 140;

/** Epochs without a lower validation loss after which early stopping gives up. */
const PATIENCE = 5;

/**
 * The learning curve of one run. Runs of a seed share initial labels and initial weights.
 *
 * @param {Habit} habit @param {number} seed
 * @param {Awaited<ReturnType<typeof import('./study.mjs').digits>>} images
 * @param {number} epochs
 * @returns {Promise<import('@baal/core').LearningCurve>}
 */
export async function learn(habit, seed, images, epochs) {
  const rng = createRng(seed);
  const dataset = new ActiveLearningDataset(images.train, { rng });
  await dataset.labelBalanced(START, ({ target }) => Number(target));
  const model = await createWrapper(seed, { optimizer: habit.optimizer, epochs });
  const loop = new ActiveLearningLoop(
    dataset,
    (pool, options) => model.predict(pool, { ...options, iterations: K }),
    {
      heuristic: habit.heuristic === 'bald' ? bald() : random(),
      querySize: habit.querySize,
      maxSamples: habit.maxSamples,
      rng: rng.fork('loop'),
    },
  );
  const [labelled, values] = [/** @type {number[]} */ ([]), /** @type {number[]} */ ([])];
  for (;;) {
    const stream = rng.fork(`${dataset.length} labels`);
    if (habit.reset) await model.reset();
    await train(model, dataset, images.extra, habit.validation, stream);
    if ((dataset.length - START) % EVERY === 0) {
      const figures = await model.evaluate(images.test, {
        averagePredictions: K,
        rng: stream.fork('test'),
      });
      labelled.push(dataset.length);
      values.push(Number(figures.accuracy));
    }
    if (dataset.length >= END || !(await loop.step())) break;
  }
  await model.dispose();
  return { labelled, values };
}

/**
 * One training. Early stopping takes the weights of the epoch with the lowest loss, without dropout.
 *
 * @param {import('@baal/onnx').ModelWrapper} model
 * @param {import('@baal/core').Dataset<import('@baal/core').Example>} labelled
 * @param {import('@baal/core').Dataset<import('@baal/core').Example>} extra
 * @param {Habit['validation']} validation
 * @param {import('@baal/core').Rng} rng
 */
async function train(model, labelled, extra, validation, rng) {
  if (validation === 'none') {
    await model.train(labelled, { rng: rng.fork('train') });
    return;
  }
  const order = Array.from(rng.fork('split').permutation(labelled.length));
  const held = validation === 'extra' ? 0 : Math.floor(labelled.length / 5);
  const validate = validation === 'extra' ? extra : subset(labelled, order.slice(0, held));
  model.unpatch();
  const { best } = await model.trainAndTestOnDatasets(
    subset(labelled, order.slice(held)),
    validate,
    {
      rng: rng.fork('train'),
      patience: PATIENCE,
    },
  );
  await model.loadState(best.state);
  model.mcDropout();
}
