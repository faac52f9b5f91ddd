/**
 * A stream of random numbers. Every stochastic function of the project takes one; nothing reads a
 * global generator. Children are forked by label, so that a draw added in one place moves nothing
 * elsewhere.
 */
export interface Rng {
  /**
   * An independent stream for a purpose, e.g. `rng.fork('round-3/mc')`. Depends only on this
   * stream's own seed and path and on `label`: forking consumes nothing, and the same label gives
   * the same child however many numbers were drawn before. `fork(1)` is not `fork('1')`.
   */
  fork(label: string | number): Rng;
  /** The next 32 random bits as an unsigned integer. */
  uint32(): number;
  /** Uniform on [0, 1) with 53 bits. */
  uniform(): number;
  /** Uniform integer in 0 … n-1, without bias. @throws RangeError unless 1 <= n <= 2^32. */
  int(n: number): number;
  /** Standard normal. */
  normal(): number;
  /** A uniformly random order of 0 … n-1. */
  permutation(n: number): Uint32Array;
  /** `k` different values of 0 … n-1 in random order. @throws RangeError if k > n. */
  choice(n: number, k: number): Uint32Array;
  /** The position of this stream, as plain data; see `restoreRng`. */
  state(): RngState;
}

/** A serialisable position in a stream. */
export interface RngState {
  /**
   * The 128-bit key of the stream (seed and path hashed), 4 unsigned words. It never moves, so
   * counter-based numbers may be derived from it: see `hashKey`.
   */
  readonly key: readonly number[];
  /** The state of the generator, 4 words. */
  readonly generator: readonly number[];
}
