import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hashKey, murmur3 } from './hash-key.ts';

const hex = (words: readonly number[]): string[] => words.map((word) => word.toString(16));
const range = (from: number, to: number): Uint8Array =>
  Uint8Array.from({ length: to - from }, (_, i) => from + i);

describe('murmur3', () => {
  // MurmurHash3_x86_128 with seed 0, computed with the C++ implementation (Python package mmh3).
  it.each([
    [new Uint8Array(0), ['0', '0', '0', '0']],
    [Uint8Array.of(97), ['a794933c', '5556b01b', '5556b01b', '5556b01b']],
    [
      Uint8Array.from('hello', (c) => c.charCodeAt(0)),
      ['2b2444a0', 'db91def7', '9adb31b6', '9adb31b6'],
    ],
    [range(0, 15), ['757b9c59', '62a6e4ca', '61e2db4e', 'ca775566']],
    [range(0, 16), ['6c25c825', '559180ee', 'ea538074', '89a55bef']],
    [range(0, 17), ['6ac99cdb', '359c940b', 'ae1673ad', 'a275ab51']],
    [range(0, 255), ['ea84c820', '6cb45a87', 'a8748b05', 'f8dd9307']],
    [range(128, 256), ['347b664c', 'bfa8f929', '4e839d61', '10ce6498']],
  ])('gives the published value (case %#)', (bytes, words) => {
    expect(hex(murmur3(bytes))).toEqual(words);
  });

  it('reads bytes at any offset of a buffer', () => {
    const shifted = new Uint8Array(20);
    shifted.set(range(0, 17), 3);
    expect(murmur3(shifted.subarray(3))).toEqual(murmur3(range(0, 17)));
  });
});

describe('hashKey', () => {
  it('is stable: files depend on these words', () => {
    expect(hex(hashKey(['baal', 0]))).toMatchInlineSnapshot(`
      [
        "750ac48a",
        "d016c6f6",
        "c04db4ee",
        "ceb64371",
      ]
    `);
    expect(hex(hashKey([1, 'mask', 'é']))).toMatchInlineSnapshot(`
      [
        "1c559912",
        "e6c44ff6",
        "eb014a92",
        "92876a99",
      ]
    `);
  });

  it('keeps types, lengths and order apart, and joins the two zeros', () => {
    const keys = [['ab'], ['a', 'b'], ['b', 'a'], [1], ['1'], [0], [''], [], [1, 2], [12]].map(
      (parts) => hex(hashKey(parts)).join(),
    );
    expect(new Set(keys).size).toBe(keys.length);
    expect(hashKey([-0])).toEqual(hashKey([0]));
  });

  it('never meets on different paths', () => {
    const part = fc.oneof(fc.string(), fc.double({ noNaN: true, noDefaultInfinity: true }));
    fc.assert(
      fc.property(fc.array(part), fc.array(part), (a, b) => {
        const same = a.length === b.length && a.every((x, i) => x === b[i]); // === joins 0 and -0
        expect(hex(hashKey(a)).join() === hex(hashKey(b)).join()).toBe(same);
      }),
    );
  });

  it('flips half of the 128 bits for neighbouring seeds', () => {
    // 2000 keys x 128 bits: mean share of flipped bits 1/2, standard error 0.5/sqrt(256000) = 0.001;
    // 5 standard errors, false alarm 6e-7.
    let flipped = 0;
    for (let seed = 0; seed < 2000; seed++) {
      const a = hashKey([seed]);
      const b = hashKey([seed + 1]);
      for (let lane = 0; lane < 4; lane++) {
        let bits = ((a[lane] as number) ^ (b[lane] as number)) >>> 0;
        for (; bits; bits = (bits & (bits - 1)) >>> 0) flipped++;
      }
    }
    expect(Math.abs(flipped / 256_000 - 0.5)).toBeLessThan(0.005);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('refuses %s', (value) => {
    expect(() => hashKey(['a', value])).toThrow(RangeError);
  });
});
