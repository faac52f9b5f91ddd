import { type Dataset, type Example, type Learner, type Predictions, ShapeError } from '@baal/core';

/**
 * A learner that learns and is evaluated as another one, and whose predictions of the pool are scores from a
 * file: what the heuristic `precomputed` reads. `predicted` are the datasets that the other one predicts
 * itself. It gives one chunk, `[n, 1, 1]` of kind `values`.
 */
export function precomputedLearner(
  learner: Learner<Example>,
  scores: Float64Array,
  predicted: readonly (Dataset<Example> | undefined)[],
): Learner<Example> {
  return {
    name: learner.name,
    reset: () => learner.reset(),
    train: (dataset, options) => learner.train(dataset, options),
    evaluate: (dataset, options) => learner.evaluate(dataset, options),
    predict: (dataset, options) =>
      predicted.includes(dataset) ? learner.predict(dataset, options) : lookUp(dataset, scores),
    dispose: () => learner.dispose(),
  };
}

/** Items of the pool keep the ids of the training set, which are its positions. */
async function* lookUp(
  dataset: Dataset<Example>,
  scores: Float64Array,
): AsyncGenerator<Predictions> {
  if (dataset.length === 0) return;
  const data = Float64Array.from({ length: dataset.length }, (_, i) => {
    const score = scores[Number(dataset.id?.(i))];
    if (score !== undefined) return score;
    throw new ShapeError(
      `precomputed: item ${dataset.id?.(i)} has no score, expected one for each of the training items, got ${scores.length}`,
    );
  });
  yield { data, shape: [dataset.length, 1, 1], kind: 'values', samples: 'joint' };
}
