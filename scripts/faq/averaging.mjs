// What averaging posterior samples does to accuracy and calibration.
import { ActiveLearningDataset, createRng } from '@baal/core';
import { createWrapper, difference, digits, K, spread, table } from './study.mjs';

const FIGURES = /** @type {const} */ (['accuracy', 'ece', 'nll', 'brier']);

/**
 * The test without dropout against the average of K passes of the same weights.
 *
 * @param {import('./study.mjs').Scale & { readonly sizes?: readonly number[] }} scale
 */
export async function averaging({ sizes = [50, 200, 800], ...scale }) {
  const images = await digits(scale);
  const rows = [];
  for (const size of sizes) {
    const [plain, averaged] = [/** @type {number[][]} */ ([]), /** @type {number[][]} */ ([])];
    for (let seed = 0; seed < scale.seeds; seed++) {
      const rng = createRng(seed);
      const dataset = new ActiveLearningDataset(images.train, { rng });
      await dataset.labelBalanced(size, ({ target }) => Number(target));
      const model = await createWrapper(seed, { epochs: scale.epochs });
      await model.train(dataset, { rng: rng.fork('train') });
      const options = { rng: rng.fork('test') };
      const many = await model.evaluate(images.test, { ...options, averagePredictions: K });
      model.unpatch();
      const one = await model.evaluate(images.test, { ...options, averagePredictions: 1 });
      await model.dispose();
      plain.push(FIGURES.map((name) => Number(one[name])));
      averaged.push(FIGURES.map((name) => Number(many[name])));
    }
    for (const [i, name] of FIGURES.entries()) {
      const column = (/** @type {number[][]} */ runs) => runs.map((run) => Number(run[i]));
      rows.push([
        `${size} labels: ${name}`,
        spread(column(plain)),
        spread(column(averaged)),
        difference(column(averaged), column(plain)),
      ]);
    }
  }
  return table(['', 'without dropout', `average of ${K}`, 'average less without'], rows);
}
