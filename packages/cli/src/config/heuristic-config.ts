import type { GetHeuristicOptions } from '@baal/core';

type PlainOptions = Omit<GetHeuristicOptions, 'base' | 'first' | 'heuristics'>;

/** A heuristic with options, as `getHeuristic` of `@baal/core` takes it. */
export interface HeuristicWithOptions extends PlainOptions {
  /** Name of the heuristic. */
  readonly kind: string;
  /** What a sampler or a subsample goes by, or takes over after a cold start. */
  readonly base?: HeuristicChoice;
  /** `coldStart`: what begins. */
  readonly first?: HeuristicChoice;
  /** `combine`: the heuristics and their weights. */
  readonly heuristics?: readonly { readonly heuristic: HeuristicChoice; readonly weight: number }[];
  /** `precomputed`: path of the file with one score for each training item. */
  readonly file?: string;
}

/** A heuristic: its name, or its name and its options. */
export type HeuristicChoice = string | HeuristicWithOptions;

/** An entry of the key `heuristics`: a heuristic, and what to call it. */
export type HeuristicEntry =
  | string
  | (HeuristicWithOptions & {
      /** Name in folders, tables and plots; made of kind and options if left out. */
      readonly label?: string | undefined;
    });
