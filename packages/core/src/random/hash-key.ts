/** A 128-bit key as four unsigned 32-bit words. */
export type Key128 = readonly [number, number, number, number];

const TAG_NUMBER = 1;
const TAG_STRING = 2;

/**
 * Hashes a path of labels to 128 bits: `hashKey([7, 'round-3', 'mc'])`.
 *
 * The encoding is injective (every part carries its type and length, so `['ab']` and `['a', 'b']`,
 * or `1` and `'1'`, give different keys) and the same on every platform; the hash is MurmurHash3
 * (x86, 128 bits, seed 0). Not for secrets. Streams of numbers start from such keys, and so do
 * counter-based ones: hash `[...rng.fork('mask').state().key, pass, node]` and index by element.
 *
 * @returns four unsigned 32-bit words; deterministic. Cost O(total length).
 * @throws RangeError if a number is NaN or infinite.
 * @see Appleby, MurmurHash3 (2011)
 */
export function hashKey(parts: readonly (string | number)[]): Key128 {
  return murmur3(encode(parts));
}

function encode(parts: readonly (string | number)[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += typeof part === 'number' ? 9 : 5 + 2 * part.length;
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const part of parts) {
    if (typeof part === 'number') {
      if (!Number.isFinite(part)) {
        throw new RangeError(`hashKey: expected finite numbers and strings, got ${part}`);
      }
      view.setUint8(at, TAG_NUMBER);
      view.setFloat64(at + 1, part === 0 ? 0 : part, true); // -0 and 0 are one number
      at += 9;
    } else {
      view.setUint8(at, TAG_STRING);
      view.setUint32(at + 1, part.length, true);
      at += 5;
      for (let i = 0; i < part.length; i++, at += 2) view.setUint16(at, part.charCodeAt(i), true);
    }
  }
  return bytes;
}

/** Multipliers of the four lanes; lane i multiplies by C[i], rotates, then by C[i + 1]. */
const C = [0x239b961b, 0xab0e9789, 0x38b34ae5, 0xa1e38b93] as const;
/** Rotation of a block word before its second multiplication. */
const WORD_ROTATION = [15, 16, 17, 18] as const;
/** Rotation of a lane after a block word was mixed in. */
const LANE_ROTATION = [19, 17, 15, 13] as const;
const LANE_ADDEND = [0x561ccd1b, 0x0bcaa747, 0x96cd1c35, 0x32ac3b17] as const;

/**
 * The 128-bit hash of bytes, MurmurHash3_x86_128 with seed 0: equal bytes, equal words. Not for secrets.
 * Cost O(bytes).
 *
 * @see Appleby, MurmurHash3 (2011)
 */
export function murmur3(bytes: Uint8Array): Key128 {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const h = new Int32Array(4);
  const blocks = Math.floor(bytes.length / 16);
  for (let block = 0; block < blocks; block++) {
    for (let lane = 0; lane < 4; lane++) {
      const mixed = mixWord(view.getInt32(16 * block + 4 * lane, true), lane);
      const rotated = rotateLeft((h[lane] as number) ^ mixed, LANE_ROTATION[lane] as number);
      const sum = (rotated + (h[(lane + 1) % 4] as number)) | 0;
      h[lane] = Math.imul(sum, 5) + (LANE_ADDEND[lane] as number);
    }
  }
  const tail = new Int32Array(4);
  for (let i = 16 * blocks; i < bytes.length; i++) {
    const within = i - 16 * blocks;
    const lane = within >> 2;
    tail[lane] = (tail[lane] as number) | ((bytes[i] as number) << (8 * (within & 3)));
  }
  for (let lane = 0; lane < 4; lane++) {
    h[lane] = (h[lane] as number) ^ mixWord(tail[lane] as number, lane) ^ bytes.length;
  }
  spread(h);
  for (let lane = 0; lane < 4; lane++) h[lane] = avalanche(h[lane] as number);
  spread(h);
  return [
    (h[0] as number) >>> 0,
    (h[1] as number) >>> 0,
    (h[2] as number) >>> 0,
    (h[3] as number) >>> 0,
  ];
}

function mixWord(word: number, lane: number): number {
  const rotated = rotateLeft(Math.imul(word, C[lane] as number), WORD_ROTATION[lane] as number);
  return Math.imul(rotated, C[(lane + 1) % 4] as number);
}

/** Adds lanes 1-3 to lane 0, then lane 0 to each of them. */
function spread(h: Int32Array): void {
  h[0] = (h[0] as number) + (h[1] as number) + (h[2] as number) + (h[3] as number);
  for (let lane = 1; lane < 4; lane++) h[lane] = (h[lane] as number) + (h[0] as number);
}

/** The finaliser of MurmurHash3: every input bit flips each output bit with probability 1/2. */
function avalanche(word: number): number {
  let x = word;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return x ^ (x >>> 16);
}

function rotateLeft(x: number, by: number): number {
  return (x << by) | (x >>> (32 - by));
}
