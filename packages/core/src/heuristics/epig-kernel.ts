/** What a pool is scored against, the same for all of its items. */
export interface EpigTargets {
  /** K, the number of posterior samples. */
  readonly K: number;
  /** A row for every label d of every target t: `p_k(d | x_t) / (K p(d | x_t))`, `[L, K]`; in [1e-15, 1]. */
  readonly ratios_L_K: Float32Array;
  /** What each row counts, `share_t p(d | x_t)`, `[L]`; they sum to 1. */
  readonly weights_L: Float32Array;
}

/**
 * The part of EPIG that takes its time, to be run by something faster than JavaScript: one matrix
 * product, an elementwise function and a weighted sum.
 *
 * With `r_cd = p(c, d) / (p(c) p(d))` the information of two labels is
 * `I[y; y_t] = sum_c p(c) sum_d p(d) r_cd ln r_cd`, and all r of all targets are one product of ratios.
 * In single precision r is rounded near 1, so the error is absolute: some 1e-8 nats over tens of targets,
 * up to 1e-6 for one target and K = 1000. Information below that is noise; Float64 without a kernel tells it.
 *
 * @see onnxEpigKernel of `@baal/onnx`
 */
export interface EpigKernel {
  /**
   * Called once a pool.
   *
   * @returns a function of the ratios `p_k(c | x) / p(c | x)` of items, `[M, K]`, any M, that gives
   *   `sum_l weights_l r_ml ln r_ml` with `r_ml = sum_k items_mk ratios_lk`, `[M]`. No r is 0. The value
   *   of a row must not depend on the rows beside it.
   */
  prepare(targets: EpigTargets): (items_M_K: Float32Array) => Promise<ArrayLike<number>>;
}
