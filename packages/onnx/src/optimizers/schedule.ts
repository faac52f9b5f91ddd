import { ConfigError } from '@baal/core';

/** What a schedule counts: updates, or finished passes over the dataset. */
export type ScheduleUnit = 'step' | 'epoch';

/** How much of a training is done. */
export interface TrainingProgress {
  /** Updates made so far. */
  readonly steps: number;
  /** Epochs finished so far. */
  readonly epochs: number;
}

interface Counted {
  /** What t counts; `epoch` by default. */
  readonly unit?: ScheduleUnit;
}

/** Multiplies the learning rate by `gamma` after every so many units: `gamma^floor(t / every)`. */
export interface StepSchedule extends Counted {
  /** Which schedule this is. */
  readonly kind: 'step';
  /** Units between two changes, at least 1. */
  readonly every: number;
  /** Factor at each change, above 0. */
  readonly gamma: number;
}

/** Half a cosine from 1 down to `floor`: `floor + (1 - floor)(1 + cos(π min(t, length) / length)) / 2`. */
export interface CosineSchedule extends Counted {
  /** Which schedule this is. */
  readonly kind: 'cosine';
  /** Units until `floor` is reached, at least 1; the factor stays there. */
  readonly length: number;
  /** Share of the learning rate at the end, in [0, 1]; 0 by default. */
  readonly floor?: number;
}

/** A line from `start` up to 1: `start + (1 - start) min(t, length) / length`. */
export interface WarmUpSchedule extends Counted {
  /** Which schedule this is. */
  readonly kind: 'warmUp';
  /** Units until the whole learning rate is reached, at least 1. */
  readonly length: number;
  /** Share of the learning rate at t = 0, in [0, 1]; 1/3 by default, as in PyTorch's LinearLR. */
  readonly start?: number;
}

/** Several schedules at once: the product of their factors. */
export interface ProductSchedule {
  /** Which schedule this is. */
  readonly kind: 'product';
  /** What is multiplied. */
  readonly schedules: readonly ScheduleConfig[];
}

/**
 * Several schedules one after the other. Schedule i begins at `milestones[i - 1]`, with a clock that
 * starts at 0 there; all count in the unit of the sequence.
 */
export interface SequenceSchedule extends Counted {
  /** Which schedule this is. */
  readonly kind: 'sequence';
  /** What follows one another. */
  readonly schedules: readonly ScheduleConfig[];
  /** Where the second and each later schedule begin, in units, rising. */
  readonly milestones: readonly number[];
}

/** How the learning rate changes while a model is trained, as plain data. */
export type ScheduleConfig =
  | StepSchedule
  | CosineSchedule
  | WarmUpSchedule
  | ProductSchedule
  | SequenceSchedule;

/**
 * Factor of the learning rate for the next update, a function of the progress alone: t is 0 for the first
 * update or epoch.
 *
 * @see Loshchilov and Hutter 2017, SGDR, equation 5, for the cosine
 */
export function scheduleFactor(config: ScheduleConfig, progress: TrainingProgress): number {
  if (config.kind === 'product') {
    return config.schedules.reduce((product, part) => product * scheduleFactor(part, progress), 1);
  }
  const t = config.unit === 'step' ? progress.steps : progress.epochs;
  switch (config.kind) {
    case 'step':
      return config.gamma ** Math.floor(t / config.every);
    case 'cosine': {
      const { length, floor = 0 } = config;
      return floor + ((1 - floor) * (1 + Math.cos((Math.PI * Math.min(t, length)) / length))) / 2;
    }
    case 'warmUp': {
      const { length, start = 1 / 3 } = config;
      return start + ((1 - start) * Math.min(t, length)) / length;
    }
    case 'sequence': {
      const index = config.milestones.filter((milestone) => t >= milestone).length;
      const since = t - (config.milestones[index - 1] ?? 0);
      return scheduleFactor(config.schedules[index] as ScheduleConfig, {
        steps: since,
        epochs: since,
      });
    }
  }
}

/** @throws ConfigError that names the first setting of a schedule that is out of range. */
export function checkSchedule(config: ScheduleConfig, where = 'schedule'): void {
  const refuse = (what: string, value: unknown, expected: string): never => {
    throw new ConfigError(`${where}: ${what} is ${String(value)}, expected ${expected}`);
  };
  const atLeastOne = (name: string, value: number): void => {
    if (!Number.isInteger(value) || value < 1) refuse(name, value, 'an integer of at least 1');
  };
  const share = (name: string, value: number): void => {
    if (!(value >= 0 && value <= 1)) refuse(name, value, 'a number in [0, 1]');
  };
  if ('unit' in config && config.unit !== 'step' && config.unit !== 'epoch') {
    refuse('unit', config.unit, 'step or epoch');
  }
  switch (config.kind) {
    case 'step':
      atLeastOne('every', config.every);
      if (!(config.gamma > 0 && config.gamma < Infinity))
        refuse('gamma', config.gamma, 'a finite number above 0');
      return;
    case 'cosine':
      atLeastOne('length', config.length);
      share('floor', config.floor ?? 0);
      return;
    case 'warmUp':
      atLeastOne('length', config.length);
      share('start', config.start ?? 0);
      return;
    case 'product':
      config.schedules.forEach((part, i) => {
        checkSchedule(part, `${where}.schedules[${i}]`);
      });
      return;
    case 'sequence': {
      const { schedules, milestones, unit = 'epoch' } = config;
      if (milestones.length !== schedules.length - 1) {
        refuse(
          'milestones',
          `[${milestones.join(', ')}]`,
          `one fewer than the ${schedules.length} schedules`,
        );
      }
      milestones.forEach((milestone, i) => {
        atLeastOne(`milestones[${i}]`, milestone);
        if (milestone <= (milestones[i - 1] ?? 0))
          refuse(`milestones[${i}]`, milestone, `more than ${milestones[i - 1]}`);
      });
      schedules.forEach((part, i) => {
        checkSchedule(part, `${where}.schedules[${i}]`);
        const other = unitsOf(part).find((counted) => counted !== unit);
        if (other !== undefined)
          refuse(`unit of schedules[${i}]`, other, `${unit}, as the sequence`);
      });
      return;
    }
    default:
      refuse(
        'kind',
        (config as { kind: unknown }).kind,
        'one of step, cosine, warmUp, product, sequence',
      );
  }
}

function unitsOf(config: ScheduleConfig): ScheduleUnit[] {
  return config.kind === 'product' ? config.schedules.flatMap(unitsOf) : [config.unit ?? 'epoch'];
}
