import { BaalError } from '@baal/core';
import type { z } from 'zod';
import type { ExperimentConfig } from './config.ts';
import { choiceOf, kindOf, makeHeuristic, partsOf, scoresFileOf } from './heuristic-choice.ts';
import type { HeuristicChoice } from './heuristic-config.ts';
import { labelOf } from './strategy.ts';

type Context = z.core.$RefinementCtx<ExperimentConfig>;
type Complain = (path: readonly (string | number)[], expected: string) => void;

/** Complains about keys that are right by themselves and not together. */
export function checkTogether(config: ExperimentConfig, context: Context): void {
  const complain: Complain = (path, expected) =>
    context.addIssue({ code: 'custom', path: [...path], message: expected });
  checkEnd(config, complain);
  checkHeuristics(config, complain);
  checkLabels(config, complain);
}

function checkEnd({ querySize, rounds, labels, initial }: ExperimentConfig, complain: Complain) {
  if (labels === undefined && typeof querySize !== 'number') {
    complain(
      ['querySize'],
      'one number, or beside a list the key labels in place of rounds (curves of so many labels each ' +
        'cover the same range, curves of as many rounds do not)',
    );
  }
  if (labels === undefined) return;
  if (rounds !== undefined) {
    complain(['labels'], 'either rounds or labels, not both: each says when a curve ends');
  }
  if (labels <= initial.size) {
    complain(['labels'], `more than the initial.size = ${initial.size} labels of the first round`);
  }
}

function checkHeuristics(config: ExperimentConfig, complain: Complain): void {
  for (const [i, entry] of config.heuristics.entries()) {
    const path = ['heuristics', i];
    if (partsOf(choiceOf(entry)).some(mixesScores)) {
      complain(
        path,
        'no precomputed scores within combine or coldStart: a model predicts the others, not these',
      );
      continue;
    }
    try {
      const { needsTargets, name } = makeHeuristic(choiceOf(entry));
      if (needsTargets === true && config.targets === undefined) {
        complain(
          path,
          `the key targets for '${name}': the inputs that matter in the end, e.g. targets: { from: test, size: 500 }`,
        );
      }
    } catch (error) {
      if (!(error instanceof BaalError || error instanceof RangeError)) throw error;
      complain(path, `what core accepts (${error.message})`);
    }
  }
}

/** Whether scores from a file and predictions of the model would have to come from the same place. */
function mixesScores(part: HeuristicChoice): boolean {
  return ['coldStart', 'combine'].includes(kindOf(part)) && scoresFileOf(part) !== undefined;
}

function checkLabels({ heuristics }: ExperimentConfig, complain: Complain): void {
  const first = new Map<string, number>();
  for (const [i, entry] of heuristics.entries()) {
    const label = labelOf(entry);
    if (label === null) {
      complain(
        ['heuristics', i],
        'a label beside options that are too many for a name, e.g. label: mine',
      );
      continue;
    }
    // Folders whose names differ by case alone are the same on some systems.
    const other = first.get(label.toLowerCase());
    if (other === undefined) first.set(label.toLowerCase(), i);
    else {
      complain(
        ['heuristics', i],
        `a label of its own: heuristics[${other}] and heuristics[${i}] are both called '${label}'`,
      );
    }
  }
}
