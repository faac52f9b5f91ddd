import { describe, expect, it } from 'vitest';
import { studentTQuantile } from './student-t.ts';

const PROBABILITIES = [0.9, 0.95, 0.975, 0.995, 0.9995];
/** scipy.stats.t.ppf (SciPy 1.17.1) at these probabilities. */
const TABLE: readonly (readonly [number, readonly number[]])[] = [
  [
    1,
    [
      3.0776835371752544, 6.313751514675037, 12.706204736174694, 63.656741162871526,
      636.6192487687897,
    ],
  ],
  [
    2,
    [
      1.8856180831641272, 2.9199855803537242, 4.302652729749462, 9.924843200918287,
      31.599054576445365,
    ],
  ],
  [
    3,
    [
      1.637744353696209, 2.3533634348018233, 3.1824463052837078, 5.840909309733355,
      12.923978636687961,
    ],
  ],
  [
    4,
    [
      1.533206274058944, 2.1318467863266495, 2.7764451051977934, 4.604094871349992,
      8.610301581379522,
    ],
  ],
  [
    5,
    [
      1.4758840488244815, 2.0150483733330233, 2.5705818356363146, 4.032142983555228,
      6.868826625881276,
    ],
  ],
  [
    9,
    [
      1.3830287383966329, 1.833112932656237, 2.262157162798205, 3.249835541592126,
      4.780912585931217,
    ],
  ],
  [
    10,
    [1.372183641110336, 1.8124611228116756, 2.228138851986274, 3.16927267261695, 4.586893858702708],
  ],
  [
    29,
    [
      1.311433647301551, 1.6991270265334972, 2.045229642132703, 2.756385903670605,
      3.6594050194663748,
    ],
  ],
  [
    99,
    [
      1.2901614420344854, 1.6603911560169906, 1.9842169515864174, 2.626405457280827,
      3.391528833363685,
    ],
  ],
  [
    1000,
    [
      1.2823987214609247, 1.6463788172854643, 1.9623390808264083, 2.580754698065951,
      3.300282648423944,
    ],
  ],
];

/** P(T <= t) by Simpson's rule on the density, whose constant comes from its own integral. */
const cdf = (t: number, df: number): number => {
  // With x = tan(a), the integrand is smooth on a finite interval.
  const density = (a: number): number =>
    Math.cos(a) ** -2 * (1 + Math.tan(a) ** 2 / df) ** (-(df + 1) / 2);
  const integral = (from: number, to: number, steps = 20_000): number => {
    const h = (to - from) / steps;
    let sum = density(from) + density(to);
    for (let i = 1; i < steps; i++) sum += (i % 2 ? 4 : 2) * density(from + i * h);
    return (sum * h) / 3;
  };
  const half = integral(0, Math.PI / 2 - 1e-9);
  return 0.5 + integral(0, Math.atan(t)) / (2 * half);
};

describe('studentTQuantile', () => {
  it.each(TABLE)('equals SciPy, df = %i', (df, quantiles) => {
    quantiles.forEach((t, i) => {
      expect(Math.abs(studentTQuantile(PROBABILITIES[i] as number, df) / t - 1)).toBeLessThan(
        1e-10,
      );
    });
  });

  it('has the closed forms of 1 and 2 degrees of freedom', () => {
    for (const p of [0.51, 0.6, 0.8, 0.99, 0.9999]) {
      expect(studentTQuantile(p, 1) / Math.tan(Math.PI * (p - 0.5))).toBeCloseTo(1, 10);
      const q = 2 * p - 1;
      expect(studentTQuantile(p, 2) / (q * Math.sqrt(2 / (1 - q * q)))).toBeCloseTo(1, 10);
    }
  });

  it.each([1, 2, 3, 6, 13, 24])('inverts the integral of the density, df = %i', (df) => {
    for (const p of [0.55, 0.8, 0.975]) expect(cdf(studentTQuantile(p, df), df)).toBeCloseTo(p, 8);
  });

  it('is odd around one half, and tends to the normal quantile', () => {
    expect(studentTQuantile(0.5, 7)).toBe(0);
    expect(studentTQuantile(0.01, 7)).toBeCloseTo(-2.9979515668685286, 11);
    expect(studentTQuantile(0.975, 100_000)).toBeCloseTo(1.959963984540054, 4);
  });

  it.each([
    [0, 3],
    [1, 3],
    [Number.NaN, 3],
    [0.9, 0],
    [0.9, 1.5],
  ])('refuses p = %s, df = %s', (p, df) => {
    expect(() => studentTQuantile(p, df)).toThrow(RangeError);
  });
});
