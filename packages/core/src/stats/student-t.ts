/**
 * Probability that |T| <= t, T of Student's distribution with a whole number of degrees of freedom:
 * the finite trigonometric series in `theta = atan(t / sqrt(df))`. O(df).
 *
 * @see Abramowitz and Stegun, Handbook of Mathematical Functions (1964), 26.7.3 and 26.7.4
 */
function centralProbability(theta: number, df: number): number {
  const cos = Math.cos(theta);
  const odd = df % 2 === 1;
  let term = odd ? cos : 1;
  let series = df === 1 ? 0 : term;
  for (let j = odd ? 3 : 2; j < df; j += 2) {
    term *= ((j - 1) / j) * cos * cos;
    series += term;
  }
  return odd ? (2 / Math.PI) * (theta + Math.sin(theta) * series) : Math.sin(theta) * series;
}

/**
 * Quantile of Student's t distribution: the t with `P(T <= t) = p`, to about 1e-12 relative.
 * Deterministic. O(df).
 *
 * @throws RangeError unless 0 < p < 1 and df is a positive integer.
 */
export function studentTQuantile(p: number, df: number): number {
  if (!(p > 0 && p < 1)) {
    throw new RangeError(`studentTQuantile: expected a probability p with 0 < p < 1, got ${p}`);
  }
  if (!Number.isInteger(df) || df < 1) {
    throw new RangeError(`studentTQuantile: expected a positive integer df, got ${df}`);
  }
  const central = Math.abs(2 * p - 1);
  let [low, high] = [0, Math.PI / 2];
  for (;;) {
    const middle = (low + high) / 2;
    if (middle <= low || middle >= high) break; // neighbouring numbers: nothing between them
    if (centralProbability(middle, df) < central) low = middle;
    else high = middle;
  }
  const t = central === 0 ? 0 : Math.sqrt(df) * Math.tan(low);
  return p < 0.5 ? -t : t;
}
