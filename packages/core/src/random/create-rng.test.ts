import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRng, restoreRng } from './create-rng.ts';
import type { Rng } from './rng.ts';

const draws = (n: number, draw: () => number): number[] => Array.from({ length: n }, draw);

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

const correlation = (a: readonly number[], b: readonly number[]): number => {
  const [meanA, meanB] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const x = (a[i] as number) - meanA;
    const y = (b[i] as number) - meanB;
    ab += x * y;
    aa += x * x;
    bb += y * y;
  }
  return ab / Math.sqrt(aa * bb);
};

/**
 * Chi-square of counts against equal shares, as a z-score (Wilson-Hilferty). The tests below refuse
 * |z| > 5: a sound generator fails with probability below 6e-7 per check.
 */
const chiSquareZ = (counts: ArrayLike<number>): number => {
  const all = Array.from(counts);
  const total = all.reduce((sum, count) => sum + count, 0);
  const expected = total / all.length;
  const chi2 = all.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  const df = all.length - 1;
  const spread = 2 / (9 * df);
  return (Math.cbrt(chi2 / df) - (1 - spread)) / Math.sqrt(spread);
};

const count = (cells: number, n: number, draw: () => number): Float64Array => {
  const counts = new Float64Array(cells);
  for (let i = 0; i < n; i++) {
    const cell = draw();
    counts[cell] = (counts[cell] as number) + 1;
  }
  return counts;
};

describe('createRng', () => {
  it('gives the same stream for the same seed, and is stable: journals depend on it', () => {
    expect(draws(4, createRng(0).uint32)).toMatchInlineSnapshot(`
      [
        842960962,
        3213141016,
        2017080660,
        4136029385,
      ]
    `);
    expect(draws(4, createRng('a seed').fork('x').fork(3).uint32)).toMatchInlineSnapshot(`
      [
        418593406,
        343724124,
        41303512,
        2213426041,
      ]
    `);
  });

  it('takes 1 and "1" as different seeds, refuses NaN', () => {
    expect(createRng(1).uint32()).not.toBe(createRng('1').uint32());
    expect(() => createRng(Number.NaN)).toThrow(RangeError);
  });

  it('has uncorrelated first numbers for neighbouring seeds', () => {
    // 4000 pairs: standard error of a correlation 1/sqrt(4000) = 0.016; 5 of them, false alarm 6e-7.
    for (const position of [0, 1]) {
      const at = draws(4001, () => 0).map(
        (_, seed) => draws(position + 1, createRng(seed).uniform)[position] as number,
      );
      expect(Math.abs(correlation(at.slice(0, -1), at.slice(1)))).toBeLessThan(5 / Math.sqrt(4000));
      expect(Math.abs(mean(at) - 0.5)).toBeLessThan(5 * Math.sqrt(1 / 12 / 4001));
      expect(
        Math.abs(
          chiSquareZ(
            count(
              20,
              4001,
              (() => {
                let i = 0;
                return () => Math.floor(20 * (at[i++] as number));
              })(),
            ),
          ),
        ),
      ).toBeLessThan(5);
    }
  });
});

describe('fork', () => {
  it('depends on seed, path and label alone, and consumes nothing', () => {
    const used = createRng(5);
    const fresh = createRng(5);
    draws(100, used.normal);
    expect(draws(5, used.fork('a').uint32)).toEqual(draws(5, fresh.fork('a').uint32));
    expect(fresh.uint32()).toBe(createRng(5).uint32());
  });

  it('gives a different stream for every label, type of label, and path', () => {
    const rng = createRng(5);
    const first = [
      rng,
      rng.fork('a'),
      rng.fork('b'),
      rng.fork('a').fork('b'),
      rng.fork('ab'),
      rng.fork('a/b'),
      rng.fork(1),
      rng.fork('1'),
      rng.fork(''),
      createRng(6).fork('a'),
    ].map((stream) => draws(2, stream.uint32).join());
    expect(new Set(first).size).toBe(first.length);
  });

  it('gives children that are not correlated with each other or with the parent', () => {
    const rng = createRng(1);
    const parent = draws(10_000, rng.uniform);
    const a = draws(10_000, rng.fork(0).uniform);
    const b = draws(10_000, rng.fork(1).uniform);
    for (const [x, y] of [
      [parent, a],
      [parent, b],
      [a, b],
    ] as const) {
      expect(Math.abs(correlation(x, y))).toBeLessThan(5 / Math.sqrt(10_000));
    }
  });
});

describe('state', () => {
  const scramble = (rng: Rng): number[] => [
    rng.normal(),
    rng.int(7),
    rng.uniform(),
    rng.uint32(),
    ...rng.choice(9, 4),
  ];

  it('survives JSON at any position, with the same numbers and the same children after it', () => {
    fc.assert(
      fc.property(fc.oneof(fc.integer(), fc.string()), fc.nat(20), (seed, skipped) => {
        const rng = createRng(seed).fork('x');
        for (let i = 0; i < skipped; i++) scramble(rng);
        const restored = restoreRng(JSON.parse(JSON.stringify(rng.state())));
        expect(scramble(restored.fork('y'))).toEqual(scramble(rng.fork('y')));
        expect(scramble(restored)).toEqual(scramble(rng));
      }),
    );
  });

  it('has a key that does not move with the draws, a generator that does, and no way in', () => {
    const rng = createRng(3).fork('mask');
    const before = rng.state();
    rng.uint32();
    expect(rng.state().key).toEqual(before.key);
    expect(rng.state().generator).not.toEqual(before.generator);
    (rng.state().key as number[])[0] = 0;
    expect(rng.state().key).toEqual(before.key);
  });

  it.each([
    { key: [1, 2, 3], generator: [1, 2, 3, 4] },
    { key: [1, 2, 3, 4], generator: [1, 2, 3, -4] },
    { key: [1, 2, 3, 4], generator: [1, 2, 3, 2 ** 32] },
    { key: [1, 2, 3, 4], generator: [0, 0, 0, 0] },
  ])('is refused when broken: %j', (state) => {
    expect(() => restoreRng(state)).toThrow(RangeError);
  });

  it('names the part that has no unsigned words, and takes the lowest and the highest one', () => {
    const words = [1, 2, 3, 4];
    for (const bad of [-1, -4, 0.5, Number.NaN, 2 ** 32]) {
      for (const name of ['key', 'generator'] as const) {
        const state = { key: words, generator: words, [name]: [1, bad, 3, 4] };
        expect(() => restoreRng(state)).toThrow(`state.${name} is broken`);
      }
    }
    const ends = { key: [0, 2 ** 32 - 1, 0, 1], generator: [0, 2 ** 32 - 1, 0, 0] };
    expect(restoreRng(ends).state()).toEqual(ends);
  });
});

describe('distributions (false alarm below 6e-7 for each check)', () => {
  it('uint32: every bit is one half of the time set', () => {
    const rng = createRng('bits');
    const ones = new Float64Array(32);
    for (let i = 0; i < 20_000; i++) {
      const word = rng.uint32();
      for (let bit = 0; bit < 32; bit++) ones[bit] = (ones[bit] as number) + ((word >>> bit) & 1);
    }
    for (const one of ones) expect(Math.abs(one - 10_000)).toBeLessThan(5 * Math.sqrt(5000));
  });

  it('uniform: in [0, 1), with 53 bits, flat in single numbers and in pairs', () => {
    const rng = createRng('uniform');
    const values = draws(40_000, rng.uniform);
    expect(values.every((u) => u >= 0 && u < 1 && Number.isInteger(u * 2 ** 53))).toBe(true);
    const odd = values.filter((u) => (u * 2 ** 53) % 2 === 1).length;
    expect(Math.abs(odd - 20_000)).toBeLessThan(5 * 100);
    let i = 0;
    expect(
      Math.abs(chiSquareZ(count(100, 40_000, () => Math.floor(100 * (values[i++] as number))))),
    ).toBeLessThan(5);
    i = 0;
    const pair = (): number =>
      Math.floor(10 * (values[i++] as number)) * 10 + Math.floor(10 * (values[i++] as number));
    expect(Math.abs(chiSquareZ(count(100, 20_000, pair)))).toBeLessThan(5);
  });

  it.each([2, 3, 7, 100])('int(%i): flat', (n) => {
    const rng = createRng('int');
    expect(Math.abs(chiSquareZ(count(n, 1000 * n, () => rng.int(n))))).toBeLessThan(5);
  });

  it('int: without bias where a remainder would show it', () => {
    // With n = 3 * 2^30, `word % n` would give values below 2^30 twice as often: half, not a third.
    const rng = createRng('bias');
    const n = 3 * 2 ** 30;
    expect(draws(1000, () => rng.int(n)).every((value) => value < n)).toBe(true);
    expect(
      Math.abs(chiSquareZ(count(3, 30_000, () => Math.floor(rng.int(n) / 2 ** 30)))),
    ).toBeLessThan(5);
  });

  it('int: has its edges', () => {
    const rng = createRng(0);
    expect(rng.int(1)).toBe(0);
    expect(rng.int(2 ** 32)).toBeLessThan(2 ** 32);
    for (const n of [0, -1, 1.5, Number.NaN, 2 ** 32 + 1])
      expect(() => rng.int(n)).toThrow(RangeError);
  });

  it('normal: its moments and its distribution function', () => {
    const rng = createRng('normal');
    const n = 100_000;
    const values = draws(n, rng.normal);
    const moment = (k: number): number => mean(values.map((z) => z ** k));
    // Standard errors of the sample moments: sqrt((E z^2k - (E z^k)^2) / n).
    expect(Math.abs(moment(1))).toBeLessThan(5 * Math.sqrt(1 / n));
    expect(Math.abs(moment(2) - 1)).toBeLessThan(5 * Math.sqrt(2 / n));
    expect(Math.abs(moment(3))).toBeLessThan(5 * Math.sqrt(15 / n));
    expect(Math.abs(moment(4) - 3)).toBeLessThan(5 * Math.sqrt(96 / n));
    for (const [z, share] of [
      [-1.959963984540054, 0.025],
      [0, 0.5],
      [0.6744897501960817, 0.75],
      [3, 0.9986501019683699],
    ] as const) {
      const below = values.filter((value) => value < z).length / n;
      expect(Math.abs(below - share)).toBeLessThan(5 * Math.sqrt((share * (1 - share)) / n));
    }
    expect(Math.abs(correlation(values.slice(0, -1), values.slice(1)))).toBeLessThan(
      5 / Math.sqrt(n),
    );
  });

  it('permutation: all 24 orders of 4 equally often', () => {
    const rng = createRng('permutation');
    const code = (): number => {
      const [a, b, c] = rng.permutation(4) as unknown as [number, number, number];
      return a * 6 + (b - (b > a ? 1 : 0)) * 2 + (c - (c > a ? 1 : 0) - (c > b ? 1 : 0));
    };
    expect(Math.abs(chiSquareZ(count(24, 24_000, code)))).toBeLessThan(5);
  });

  it('choice: all ordered pairs of 5 equally often, by both routes', () => {
    const rng = createRng('choice');
    const code = (): number => {
      const [a, b] = rng.choice(5, 2) as unknown as [number, number];
      return a * 4 + b - (b > a ? 1 : 0);
    };
    expect(Math.abs(chiSquareZ(count(20, 20_000, code)))).toBeLessThan(5);
    const sparse = (): number => {
      const [a, b] = rng.choice(20, 2) as unknown as [number, number];
      return a * 19 + b - (b > a ? 1 : 0);
    };
    expect(Math.abs(chiSquareZ(count(380, 76_000, sparse)))).toBeLessThan(5);
  });
});

describe('permutation and choice', () => {
  it('hold each value once, and the start of a permutation is the choice', () => {
    fc.assert(
      fc.property(fc.integer(), fc.nat(300), fc.nat(300), (seed, a, b) => {
        const [k, n] = [Math.min(a, b), Math.max(a, b)];
        const all = createRng(seed).permutation(n);
        expect([...all].sort((x, y) => x - y)).toEqual(Array.from({ length: n }, (_, i) => i));
        expect([...createRng(seed).choice(n, k)]).toEqual([...all.subarray(0, k)]);
      }),
    );
  });

  it('draw from a population that would never fit in memory', () => {
    const picks = createRng(0).choice(2 ** 32 - 1, 1000);
    expect(new Set(picks).size).toBe(1000);
  });

  it('refuse impossible counts', () => {
    const rng = createRng(0);
    expect(() => rng.choice(3, 4)).toThrow('expected k <= n = 3');
    expect(() => rng.choice(3, -1)).toThrow(RangeError);
    expect(() => rng.permutation(1.5)).toThrow(RangeError);
    expect(rng.permutation(0)).toEqual(new Uint32Array(0));
  });
});

it('a choice of few is the beginning of a permutation, and takes a draw for each', () => {
  // Few of many, so that the positions that were moved are kept in a map; often one is moved twice.
  for (let seed = 0; seed < 2000; seed++) {
    const rng = createRng(seed);
    const few = rng.choice(100, 12);
    expect(few).toEqual(createRng(seed).permutation(100).slice(0, 12));
    const plain = createRng(seed);
    for (let i = 0; i < 12; i++) plain.int(100 - i);
    expect(rng.state()).toEqual(plain.state());
  }
});
