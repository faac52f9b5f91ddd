// The tables of the rounds: what a habit changes, and what the query size does.
import { areaUnderLearningCurve } from '@baal/core';
import { END, learn, USUAL } from './rounds.mjs';
import { difference, digits, spread, table } from './study.mjs';

/** @typedef {Partial<import('./rounds.mjs').Habit>} Change */

/** @type {readonly (readonly [name: string, change: Change])[]} */
const HABITS = [
  ['Random', { heuristic: 'random' }],
  ['early stopping on a fifth of the labels', { validation: 'held back' }],
  ['early stopping on 500 more images', { validation: 'extra' }],
  ['SGD, rate 0.01, momentum 0.9', { optimizer: { kind: 'sgd', lr: 0.01, momentum: 0.9 } }],
  ['SGD, rate 0.05, momentum 0.9', { optimizer: { kind: 'sgd', lr: 0.05, momentum: 0.9 } }],
  ['weights kept from round to round', { reset: false }],
  ['a random tenth of the pool scored', { maxSamples: 300 }],
];

/** Runs of a habit, one a seed. @param {import('./study.mjs').Scale} scale */
async function runner(scale) {
  const images = await digits(scale);
  return async (/** @type {Change} */ change) => {
    const curves = [];
    for (let seed = 0; seed < scale.seeds; seed++) {
      curves.push(await learn({ ...USUAL, ...change }, seed, images, scale.epochs));
    }
    return {
      areas: curves.map(areaUnderLearningCurve),
      last: curves.map(({ values }) => Number(values.at(-1))),
    };
  };
}

/**
 * Habits against the usual one: BALD, AdamW, no early stopping, weights reset, the whole pool scored.
 *
 * @param {import('./study.mjs').Scale & { readonly changes?: typeof HABITS }} scale
 */
export async function habits({ changes = HABITS, ...scale }) {
  const run = await runner(scale);
  const usual = await run({});
  const rows = [['usual', spread(usual.areas), '', spread(usual.last)]];
  for (const [name, change] of changes) {
    const { areas, last } = await run(change);
    rows.push([name, spread(areas), difference(areas, usual.areas), spread(last)]);
  }
  return table(['habit', 'mean of the curve', 'less usual', `at ${END} labels`], rows);
}

/**
 * Query sizes, compared at the last number of labels.
 *
 * @param {import('./study.mjs').Scale & { readonly sizes?: readonly number[] }} scale
 */
export async function queries({ sizes = [10, 40, 120], ...scale }) {
  const run = await runner(scale);
  const usual = await run({});
  const rows = [[String(USUAL.querySize), spread(usual.last), '']];
  for (const querySize of sizes) {
    const { last } = await run({ querySize });
    rows.push([String(querySize), spread(last), difference(last, usual.last)]);
  }
  return table(['query size', `at ${END} labels`, `less ${USUAL.querySize}`], rows);
}
