// Methods of calibration on the digits, by the number of items that they are fitted to.
import {
  ActiveLearningDataset,
  accuracy,
  bayesianModelAverage,
  classWiseEce,
  createRng,
  crossFit,
  dirichletCalibration,
  ece,
  isotonicCalibration,
  matrixScaling,
  nll,
  subset,
  temperatureScaling,
  vectorScaling,
} from '@baal/core';
import { createWrapper, digits, spread, table } from './study.mjs';

/** @typedef {import('@baal/core').Dataset<import('@baal/core').Example>} Images */

const METHODS = [
  temperatureScaling(),
  vectorScaling(),
  matrixScaling(),
  dirichletCalibration(),
  { ...dirichletCalibration({ lambda: 0.01 }), name: 'dirichletCalibration, lambda 0.01' },
  {
    ...dirichletCalibration({ penalty: 'odir', lambda: 1 }),
    name: 'dirichletCalibration, odir, lambda 1',
  },
  isotonicCalibration(),
];

/** Figures of calibrated probabilities. @param {import('@baal/core').NdArray<Float64Array>} probabilities @param {readonly number[]} targets */
function figuresOf({ data, shape }, targets) {
  return [accuracy(), nll(), ece(), classWiseEce()].map((metric) => {
    metric.update({ data, shape, kind: 'probabilities', targets });
    return Number(metric.value());
  });
}

/** Logits without dropout, what the softmax makes of them, and the classes. @param {import('@baal/onnx').ModelWrapper} model @param {Images} images */
async function scored(model, images) {
  const logits = await model.predictOnDataset(images, { iterations: 1, rng: createRng(0) });
  const labels = [];
  for (let i = 0; i < images.length; i++) labels.push(Number((await images.get(i)).target));
  const probabilities = bayesianModelAverage(logits); // of one pass: its softmax
  /** @type {import('@baal/core').ClassScores} */
  const scores = { data: logits.data, shape: probabilities.shape, kind: 'logits' };
  return { scores, probabilities, labels };
}

/** What each method makes of one network. @param {number} seed @param {Awaited<ReturnType<typeof digits>>} images @param {number} epochs @param {number} items */
async function runOf(seed, images, epochs, items) {
  const rng = createRng(seed);
  const dataset = new ActiveLearningDataset(images.train, { rng });
  await dataset.labelBalanced(200, ({ target }) => Number(target));
  const model = await createWrapper(seed, { epochs });
  await model.train(dataset, { rng: rng.fork('train') });
  model.unpatch();
  const held = await scored(model, subset(images.extra, rng.fork('held').choice(500, items)));
  const test = await scored(model, images.test);
  await model.dispose();
  const before = figuresOf(held.probabilities, held.labels);
  const figures = METHODS.map((method) => {
    const fitted = method.fit(held.scores, held.labels);
    const crossed = crossFit(method, held.scores, held.labels, { rng: rng.fork('folds') });
    return [...figuresOf(fitted.apply(test.scores), test.labels), crossed.outOfFoldNll];
  });
  return [[...figuresOf(test.probabilities, test.labels), Number(before[1])], ...figures];
}

/**
 * One table a number of held-out items: figures on test items of what was fitted to them, and the
 * out-of-fold nll of cross-fitting, which needs no test items.
 *
 * @param {import('./study.mjs').Scale & { readonly sizes?: readonly number[] }} scale
 */
export async function calibrating({ sizes = [100, 500], ...scale }) {
  const images = await digits(scale);
  const tables = [];
  for (const items of sizes) {
    const runs = /** @type {number[][][]} */ ([]);
    for (let seed = 0; seed < scale.seeds; seed++) {
      runs.push(await runOf(seed, images, scale.epochs, items));
    }
    const names = ['none', ...METHODS.map(({ name }) => name)];
    const rows = names.map((name, m) => {
      const columns = [0, 1, 2, 3, 4].map((f) => runs.map((run) => Number(run[m]?.[f])));
      return [name, ...columns.map((column) => finite(column))];
    });
    const head = ['accuracy', 'nll', 'ece', 'classWiseEce', 'out-of-fold nll'];
    tables.push(table([`${items} items`, ...head], rows));
  }
  return tables.join('\n\n');
}

/** A mean, or how often the figure was infinite. @param {readonly number[]} values */
function finite(values) {
  const infinite = values.filter((value) => value === Number.POSITIVE_INFINITY).length;
  return infinite === 0 ? spread(values) : `infinite in ${infinite} of ${values.length}`;
}
