import type { NdArray } from '@baal/core';

/** Pixels of a drawing, 28 x 28, 0 is paper and 255 ink. */
export type Pixels = Uint8Array<ArrayBuffer>;

/** Extents of a drawing as the network's input. */
export const SHAPE = [1, 28, 28] as const;
/** Values of a drawing. */
export const PIXELS = 784;
/** Unlabelled digits that the page starts with. */
export const POOL = 300;
/** Labelled digits on which its accuracy is measured. */
export const TEST = 400;
/** Posterior samples a prediction. */
export const SAMPLES = 20;
/** Classes. */
export const DIGITS = 10;

/** Labels by item of the pool, in the order of labelling. */
export type Labels = readonly (readonly [item: number, label: number])[];

/** What a training leaves behind: enough to go on from it in another worker. */
export interface Kept {
  /** Weights and optimiser. */
  readonly state: ReadonlyMap<string, NdArray>;
  /** Trainings so far. */
  readonly trainings: number;
  /** Labels that were learned from. */
  readonly labels: Labels;
  /** Number of drawings that were known. */
  readonly drawings: number;
}

/** What the page tells the worker. */
export type ToWorker =
  | {
      readonly type: 'start';
      readonly pool: readonly Pixels[];
      readonly labels: Labels;
      /** The training to go on from. */
      readonly kept: Kept | undefined;
      /** The drawing to guess, if there is one. */
      readonly drawing: Pixels | undefined;
      readonly test: readonly Pixels[];
      readonly testLabels: readonly number[];
      /** Threads of the runtime; 0 lets it decide. More than one needs a page that is isolated from other origins. */
      readonly threads: number;
    }
  | { readonly type: 'add'; readonly pixels: Pixels }
  /** A label of an item of the pool; null takes it back. */
  | { readonly type: 'label'; readonly item: number; readonly label: number | null }
  | { readonly type: 'guess'; readonly pixels: Pixels };

/** An unlabelled drawing as the network sees it. */
export interface Scored {
  /** Position in the pool, in the order of adding. */
  readonly item: number;
  /** BALD, nats. */
  readonly score: number;
  /** Mean probability of each digit, `[10]`. */
  readonly probabilities: readonly number[];
}

/** What the worker tells the page. */
export type FromWorker =
  /** First word: as long as the worker lives it holds this lock. */
  | { readonly type: 'alive'; readonly lock: string }
  | { readonly type: 'progress'; readonly done: number }
  | {
      readonly type: 'learned';
      /** Labels that were learned from. */
      readonly labels: number;
      /** Share of the test digits that are read rightly. */
      readonly accuracy: number;
      /** Mean score of the pool, nats. */
      readonly uncertainty: number;
      /** The unlabelled drawings, most informative first. */
      readonly ranking: readonly Scored[];
      /** Duration, ms. */
      readonly milliseconds: number;
      /** Threads of the runtime. */
      readonly threads: number;
      /** What the next worker needs if this one dies. */
      readonly kept: Kept;
    }
  /** Probabilities of the drawing by each posterior sample, `[20][10]`; null before the first training. */
  | { readonly type: 'guess'; readonly samples: readonly (readonly number[])[] | null }
  | { readonly type: 'failed'; readonly message: string };
