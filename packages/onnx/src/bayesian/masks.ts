import { hashKey, type Rng } from '@baal/core';

/** Rates are rounded to multiples of 1/65536; the scale uses the rounded rate, so that expectations stay exact. */
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
  const dropped = Math.round(ratio * STEPS);
  const keep = STEPS / (STEPS - dropped);
  const end = start + count;
  const bytes = dropped % 256 === 0;
  const threshold = bytes ? dropped / 256 : dropped;
  const perWord = bytes ? 4 : 2;
  const bits = bytes ? 8 : 16;
  const low = bytes ? 0xff : 0xffff;
  const table = bytes ? maskTable(threshold, keep) : undefined;
  let i = start;
  while (i < end) {
    const t = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + t;
    c |= 0;
    if (table !== undefined && i + 4 <= end) {
      out[i] = table[t & 0xff] as number;
      out[i + 1] = table[(t >>> 8) & 0xff] as number;
      out[i + 2] = table[(t >>> 16) & 0xff] as number;
      out[i + 3] = table[t >>> 24] as number;
      i += 4;
    } else {
      // (threshold - 1 - h) is negative, its sign bit set, exactly where h >= threshold: no branch to mispredict.
      let word = t;
      for (let k = 0; k < perWord && i < end; k++, i++) {
        out[i] = ((threshold - 1 - (word & low)) >>> 31) * keep;
        word >>>= bits;
      }
    }
  }
}

function maskTable(threshold: number, keep: number): Float32Array {
  const table = new Float32Array(256);
  table.fill(keep, threshold);
  return table;
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
