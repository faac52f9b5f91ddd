/** What the worker is asked: to load the runtime for WebGPU, with or without a fallback, and to train. */
export interface Question {
  readonly fallback: boolean;
}

/** What came of it: the message of an error, or what computed and what was learned. */
export type Answer =
  | { readonly error: string }
  | {
      readonly providers: readonly string[];
      /** Share of the four items of exclusive or that are read rightly. */
      readonly accuracy: number;
      /** Logits of posterior samples after the training. */
      readonly samples: readonly number[];
    };
