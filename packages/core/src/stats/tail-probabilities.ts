import { normalCdf } from './normal.ts';

/**
 * `P(|T| >= |t|)`, T of Student's distribution with df degrees of freedom: the two-sided p-value of a
 * t-test. To about 1e-12 relative in the tail too. Deterministic.
 *
 * @throws RangeError unless df is positive and finite and t a number.
 * @see Abramowitz and Stegun, Handbook of Mathematical Functions (1964), 26.7.1 and 26.5.27
 */
export function studentTTail(t: number, df: number): number {
  checkArguments('studentTTail', t, df);
  if (!Number.isFinite(t)) return 0;
  return incompleteBeta(df / (df + t * t), df / 2, 1 / 2);
}

/**
 * `P(F >= f)`, F of Fisher's distribution with df1 and df2 degrees of freedom. Deterministic.
 *
 * @throws RangeError unless both df are positive and finite and f a number.
 * @see Abramowitz and Stegun (1964), 26.6.2
 */
export function fisherTail(f: number, df1: number, df2: number): number {
  checkArguments('fisherTail', f, df1);
  checkArguments('fisherTail', f, df2);
  if (f <= 0) return 1;
  if (f === Number.POSITIVE_INFINITY) return 0;
  return incompleteBeta(df2 / (df2 + df1 * f), df2 / 2, df1 / 2);
}

/**
 * `P(X >= x)`, X chi-squared with a whole number of degrees of freedom: a finite sum of terms
 * `(x/2)^(j-1/2) exp(-x/2) / Gamma(j+1/2)` (odd), or of Poisson probabilities (even). O(df).
 *
 * @throws RangeError unless df is a positive integer and x a number.
 * @see Abramowitz and Stegun (1964), 26.4.4 and 26.4.5
 */
export function chiSquaredTail(x: number, df: number): number {
  checkArguments('chiSquaredTail', x, df);
  if (!Number.isInteger(df)) {
    throw new RangeError(
      `chiSquaredTail: expected a whole number of degrees of freedom, got ${df}`,
    );
  }
  if (x <= 0) return 1;
  if (x === Number.POSITIVE_INFINITY) return 0;
  const odd = df % 2 === 1;
  let tail = odd ? 2 * normalCdf(-Math.sqrt(x)) : 0;
  // Terms with Gamma(1/2 + 1) or Gamma(1), as logarithms: exp(-x/2) alone may underflow.
  let log = odd ? Math.log((2 * Math.sqrt(x / 2)) / Math.sqrt(Math.PI)) - x / 2 : -x / 2;
  for (let j = odd ? 1.5 : 1; j <= df / 2; j++) {
    tail += Math.exp(log);
    log += Math.log(x / 2 / j);
  }
  return Math.min(1, tail);
}

function checkArguments(where: string, x: number, df: number): void {
  if (Number.isNaN(x) || !(df > 0 && Number.isFinite(df))) {
    throw new RangeError(
      `${where}: expected a number and positive degrees of freedom, got ${x} and ${df}`,
    );
  }
}

/**
 * Regularised incomplete beta function `I_x(a, b)` by its continued fraction (modified Lentz), on the
 * side where that converges fast.
 *
 * @see Abramowitz and Stegun (1964), 26.5.8
 */
function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a);
  const front = Math.exp(
    logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x),
  );
  const tiny = 1e-300;
  let c = 1;
  let d = 1 / awayFrom0(1 - ((a + b) * x) / (a + 1), tiny);
  let fraction = d;
  for (let m = 1; m < 10_000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / awayFrom0(1 + even * d, tiny);
    c = awayFrom0(1 + even / c, tiny);
    fraction *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / awayFrom0(1 + odd * d, tiny);
    c = awayFrom0(1 + odd / c, tiny);
    fraction *= d * c;
    if (Math.abs(d * c - 1) < 1e-15) break;
  }
  return (front * fraction) / a;
}

function awayFrom0(value: number, tiny: number): number {
  return Math.abs(value) < tiny ? tiny : value;
}

/** ln Gamma(x), x > 0: Stirling's series beyond 15, reached by `Gamma(x + 1) = x Gamma(x)`. */
function logGamma(x: number): number {
  let shift = 0;
  let y = x;
  for (; y < 15; y++) shift += Math.log(y);
  const z = 1 / (y * y);
  const series = (1 / 12 - z * (1 / 360 - z * (1 / 1260 - z * (1 / 1680 - z / 1188)))) / y;
  return (y - 0.5) * Math.log(y) - y + 0.5 * Math.log(2 * Math.PI) + series - shift;
}
