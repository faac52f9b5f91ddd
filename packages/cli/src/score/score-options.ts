import type { PredictionKind } from '@baal/core';
import { InvalidArgumentError } from 'commander';
import type { Provider } from '../model/load-runtime.ts';
import type { InputFeed } from './input-feed.ts';

/** Heuristics that score each item by itself, which is what a stream of any length allows. */
export const scoringHeuristics = [
  'bald',
  'certainty',
  'committeeKl',
  'entropy',
  'leastConfidence',
  'margin',
  'variance',
  'voteEntropy',
] as const;

/** Those among them that compare posterior samples: without dropout they have nothing to say. */
export const needSamples: readonly string[] = ['bald', 'committeeKl', 'variance', 'voteEntropy'];

/** Kinds that `--kind` takes. */
export const predictionKinds: readonly PredictionKind[] = [
  'logits',
  'probabilities',
  'sigmoidLogits',
  'sigmoidProbabilities',
  'values',
];

/** Options of `baal score`. */
export interface ScoreOptions {
  readonly heuristic: (typeof scoringHeuristics)[number];
  readonly reduction?: 'mean' | 'max' | 'min' | 'sum';
  readonly iterations: number;
  readonly masks: 'joint' | 'marginal';
  readonly seed: number;
  readonly top: number;
  readonly out?: string;
  readonly json?: boolean;
  readonly input?: readonly InputFeed[];
  /** Id that stands for no token: where ids are not this, a mask that is not fed is 1. */
  readonly padding?: number;
  readonly output?: string;
  readonly kind?: PredictionKind;
  /** Axis of the output that holds the classes, the batch being 0; from the end if below 0; 1 if not given. */
  readonly classAxis?: number;
  readonly dropout?: number;
  readonly dropoutAt?: readonly string[];
  readonly shape?: readonly number[];
  readonly scale: number;
  readonly mean: readonly number[];
  readonly std: readonly number[];
  /** Whether the first line of a CSV file holds names; found out if not given. */
  readonly header?: boolean;
  readonly delimiter?: string;
  readonly id?: string;
  readonly label?: string;
  readonly columns?: readonly string[];
  readonly labels?: string;
  readonly threads: number;
  readonly provider?: Provider;
  readonly fallback?: boolean;
}

/** A whole number in a range, as an argument. */
export const wholeNumber =
  (least: number, most: number = Number.MAX_SAFE_INTEGER) =>
  (text: string): number => {
    const value = Number(text);
    if (text.trim() !== '' && Number.isInteger(value) && value >= least && value <= most)
      return value;
    const range = most === Number.MAX_SAFE_INTEGER ? `${least} or more` : `${least} to ${most}`;
    throw new InvalidArgumentError(`expected a whole number of ${range}.`);
  };

/** A finite number, as an argument. */
export function number(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value)) return value;
  throw new InvalidArgumentError('expected a number.');
}

/** A share of what is dropped, as an argument. */
export function rate(text: string): number {
  const value = number(text);
  if (value > 0 && value < 1) return value;
  throw new InvalidArgumentError('expected a number between 0 and 1.');
}

/** A whole number, as an argument. */
export function integer(text: string): number {
  const value = number(text);
  if (Number.isSafeInteger(value)) return value;
  throw new InvalidArgumentError('expected a whole number.');
}

/** Numbers with commas, as an argument. */
export const numbers = (text: string): readonly number[] => text.split(',').map(number);

/** Names with commas, as an argument. */
export function names(text: string): readonly string[] {
  const list = text.split(',').map((name) => name.trim());
  if (!list.includes('')) return list;
  throw new InvalidArgumentError('expected names with commas between them.');
}

/** Extents with commas or x between them, as an argument. */
export const extents = (text: string): readonly number[] => text.split(/[,x]/).map(wholeNumber(1));
