import { ConfigError, type NdArray } from '@baal/core';
import { matchNames, type NamePattern } from '../name-pattern.ts';
import { type ClippingConfig, checkClipping, clipGradients } from './clipping.ts';
import { createOptimizer, type OptimizerConfig } from './create-optimizer.ts';
import type { Optimizer } from './optimizer.ts';
import { checkSchedule, type ScheduleConfig, scheduleFactor } from './schedule.ts';
import { checkBuffers, restore } from './settings.ts';

/** A learning rate of their own for some parameters. */
export interface LearningRateGroup {
  /** Which parameters; the first group that names one counts. */
  readonly parameters: NamePattern;
  /** Multiple of the learning rate, finite and above 0; to train parameters not at all, freeze them. */
  readonly factor: number;
}

/** How gradients become updates. */
export interface UpdateSettings {
  /** The rule. */
  readonly optimizer: OptimizerConfig;
  /** How the learning rate changes with time; it stays the same by default. */
  readonly schedule?: ScheduleConfig;
  /** A bound on the gradients before each update; none by default. */
  readonly clipping?: ClippingConfig;
  /** Parameters with another learning rate; the others have factor 1. */
  readonly learningRates?: readonly LearningRateGroup[];
}

/** Neighbours in the flat buffer with the same factor. */
interface Part {
  readonly start: number;
  readonly end: number;
  readonly factor: number;
  readonly optimizer: Optimizer;
}

/**
 * An optimiser with what stands around it: gradients are clipped, all together; then each parameter is
 * updated with learning rate `lr x schedule x factor of its group`. The place in the schedule is part of the
 * state, so that a training that goes on from a saved state takes the steps of one that never stopped.
 *
 * @param parameters names and numbers of values, in the order of the buffer
 * @throws ConfigError if a setting is out of range, or a pattern matches no parameter
 */
export function trainingOptimizer(
  settings: UpdateSettings,
  parameters: readonly { readonly name: string; readonly size: number }[],
): Optimizer {
  const { optimizer: config, schedule, clipping } = settings;
  if (schedule !== undefined) checkSchedule(schedule);
  if (clipping !== undefined) checkClipping(clipping);
  const parts = partsOf(settings, parameters);
  const total = parts.at(-1)?.end ?? 0;
  const name = config.kind;
  /** Steps and epochs done. */
  const progress = new Float64Array(2);
  const prefix = (i: number): string => (parts.length === 1 ? '' : `part${i}/`);
  return {
    name,
    step(values, gradients, learningRate = config.lr) {
      checkBuffers(name, total, values, gradients);
      if (clipping !== undefined) clipGradients(gradients, clipping);
      const [steps, epochs] = progress as unknown as readonly [number, number];
      const rate =
        learningRate * (schedule === undefined ? 1 : scheduleFactor(schedule, { steps, epochs }));
      for (const { start, end, factor, optimizer } of parts) {
        optimizer.step(values.subarray(start, end), gradients.subarray(start, end), rate * factor);
      }
      progress[0] = steps + 1;
    },
    endEpoch() {
      progress[1] = (progress[1] as number) + 1;
    },
    reset() {
      for (const { optimizer } of parts) optimizer.reset();
      progress.fill(0);
    },
    state() {
      const state = new Map<string, NdArray>();
      parts.forEach(({ optimizer }, i) => {
        for (const [key, array] of optimizer.state()) state.set(`${prefix(i)}${key}`, array);
      });
      if (schedule !== undefined) state.set('progress', { data: progress.slice(), shape: [2] });
      return state;
    },
    loadState(state) {
      if (schedule !== undefined) restore(name, state, { progress });
      parts.forEach(({ optimizer }, i) => {
        optimizer.loadState(
          new Map(
            [...state]
              .filter(([key]) => key.startsWith(prefix(i)))
              .map(([key, array]) => [key.slice(prefix(i).length), array]),
          ),
        );
      });
    },
  };
}

function partsOf(
  { optimizer, learningRates = [] }: UpdateSettings,
  parameters: readonly { readonly name: string; readonly size: number }[],
): Part[] {
  const names = parameters.map(({ name }) => name);
  const groups = learningRates.map(({ parameters: pattern, factor }, i) => {
    if (!(factor > 0 && factor < Infinity)) {
      throw new ConfigError(
        `learningRates: factor of group ${i} is ${factor}, expected a finite number above 0; to train parameters not at all, freeze them`,
      );
    }
    return { factor, members: matchNames('learningRates', pattern, names) };
  });
  const bounds: { start: number; end: number; factor: number }[] = [];
  let offset = 0;
  for (const { name, size } of parameters) {
    const factor = groups.find(({ members }) => members.has(name))?.factor ?? 1;
    const last = bounds.at(-1);
    if (last?.factor === factor) last.end += size;
    else bounds.push({ start: offset, end: offset + size, factor });
    offset += size;
  }
  // Without parameters the settings are still checked.
  if (bounds.length === 0) bounds.push({ start: 0, end: 0, factor: 1 });
  return bounds.map((part) => ({
    ...part,
    optimizer: createOptimizer(optimizer, part.end - part.start),
  }));
}
