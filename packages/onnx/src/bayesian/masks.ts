import { hashKey, type Rng } from '@baal/core';

/**
 * Rates are rounded to multiples of 1/65536, at most 65535 of them; the scale uses the rounded rate, so that
 * expectations stay exact.
 */
const STEPS = 65536;

/**
 * Fills part of an array with a dropout mask: 0 with probability `ratio`, else `1 / (1 - ratio)`
 * (inverted dropout), element by element independent.
 *
 * The generator (sfc32, started from the key) makes a mask a function of its key alone: the same on
 * every platform, whatever was drawn before. A rate that is a multiple of 1/256 takes 8 random bits
 * an element, any other 16 (rounded to 1/65536). Cost O(count), about 1 ns an element.
 *
 * @param key 128 bits, e.g. from `maskKey`.
 */
export function fillMask(
  out: Float32Array,
  start: number,
  count: number,
  ratio: number,
  key: readonly [number, number, number, number],
): void {
  let [a, b, c, d] = key;
  a |= 0;
  b |= 0;
  c |= 0;
  d |= 0;
  const dropped = Math.min(Math.round(ratio * STEPS), STEPS - 1);
  const keep = STEPS / (STEPS - dropped);
  const end = start + count;
  const bytes = dropped % 256 === 0;
  const threshold = bytes ? dropped / 256 : dropped;
  const bits = bytes ? 8 : 16;
  const low = bytes ? 0xff : 0xffff;
  // (last - h) is negative, its sign bit set, exactly where h >= threshold: no branch to mispredict.
  const last = threshold - 1;
  let i = start;
  while (i < end) {
    const t = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + t) | 0;
    if (bytes && i + 4 <= end) {
      out[i] = ((last - (t & 0xff)) >>> 31) * keep;
      out[i + 1] = ((last - ((t >>> 8) & 0xff)) >>> 31) * keep;
      out[i + 2] = ((last - ((t >>> 16) & 0xff)) >>> 31) * keep;
      out[i + 3] = ((last - (t >>> 24)) >>> 31) * keep;
      i += 4;
    } else {
      let word = t;
      for (let k = 32 / bits; k > 0 && i < end; k--, i++) {
        out[i] = ((last - (word & low)) >>> 31) * keep;
        word >>>= bits;
      }
    }
  }
}

/**
 * The key of one mask: a function of the stream's identity, of the pass, of the Dropout node and, for
 * marginal masks, of the item. Drawing numbers from the stream does not change it.
 */
export function maskKey(
  rng: Rng,
  ...path: readonly (string | number)[]
): readonly [number, number, number, number] {
  return hashKey([...rng.state().key, 'mask', ...path]);
}

/**
 * The key of one item's mask, from the key of its Dropout node and pass: a mixing function of integers,
 * a hundred times cheaper than hashing a path for every item.
 */
export function itemMaskKey(
  [a, b, c, d]: readonly [number, number, number, number],
  item: number,
): [number, number, number, number] {
  const first = mix(a ^ Math.imul(item + 1, 0x9e3779b1));
  const second = mix(b ^ first);
  const third = mix(c ^ second);
  return [first, second, third, mix(d ^ third)];
}

/** A bijection of 32-bit words in which every bit of the input moves about half of the output's (the finaliser of MurmurHash3). */
function mix(word: number): number {
  let h = word;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
