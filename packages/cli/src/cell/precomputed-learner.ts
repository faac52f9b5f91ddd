import { type Dataset, type Example, type Learner, type Predictions, ShapeError } from '@baal/core';

/**
 * A learner that learns and is evaluated as another one, and whose predictions are given scores, one for each
 * item of `train`: what the heuristic `precomputed` reads. The datasets in `predicted` the other one predicts
 * itself. It gives one chunk, `[n, 1, 1]` of kind `values`.
 */
export function precomputedLearner(
  learner: Learner<Example>,
  train: Dataset<Example>,
  scores: Float64Array,
  predicted: readonly (Dataset<Example> | undefined)[],
): Learner<Example> {
  const byId = new Map(Array.from(scores, (score, i) => [idOf(train, i), score]));
  return {
    name: learner.name,
    reset: () => learner.reset(),
    train: (dataset, options) => learner.train(dataset, options),
    evaluate: (dataset, options) => learner.evaluate(dataset, options),
    predict: (dataset, options) =>
      predicted.includes(dataset) ? learner.predict(dataset, options) : lookUp(dataset, byId),
    dispose: () => learner.dispose(),
  };
}

async function* lookUp(
  dataset: Dataset<Example>,
  scores: ReadonlyMap<string, number>,
): AsyncGenerator<Predictions> {
  if (dataset.length === 0) return;
  const data = Float64Array.from({ length: dataset.length }, (_, i) => {
    const id = idOf(dataset, i);
    const score = scores.get(id);
    if (score !== undefined) return score;
    throw new ShapeError(
      `precomputed: item ${id} has no score, expected one for each of the ${scores.size} training items`,
    );
  });
  yield { data, shape: [dataset.length, 1, 1], kind: 'values', samples: 'joint' };
}

/** Items of the pool keep the ids that they have in the training set. */
const idOf = (dataset: Dataset<Example>, i: number): string => dataset.id?.(i) ?? String(i);
