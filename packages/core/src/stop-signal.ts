/**
 * The part of the platform's `AbortSignal` that the project uses; every `AbortSignal` is one. Core
 * names it itself because it is compiled without the libraries of Node.js and of the browser.
 */
export interface StopSignal {
  /** True once the work should stop. */
  readonly aborted: boolean;
  /** Why, as given to `AbortController.abort`. */
  readonly reason: unknown;
  /** Throws `reason` if `aborted`. */
  throwIfAborted(): void;
}
