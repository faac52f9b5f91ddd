import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';
import { hashKey } from './hash-key.ts';
import type { Rng, RngState } from './rng.ts';

const TWO_32 = 2 ** 32;

/**
 * A stream of random numbers for a seed: xoroshiro128+ started from the hashed seed.
 *
 * Seeds are hashed because neighbouring raw seeds (0, 1, 2, …) give correlated streams. Numbers and
 * strings are different seeds: `1` is not `'1'`.
 *
 * @throws RangeError if a numeric seed is NaN or infinite.
 * @see Blackman and Vigna, Scrambled Linear Pseudorandom Number Generators (2021)
 */
export function createRng(seed: number | string): Rng {
  return streamOf(hashKey(['baal', seed]));
}

/**
 * The stream at a position that {@link Rng.state} returned: it continues with the same numbers, and
 * forks the same children.
 *
 * @throws RangeError unless key and generator are four unsigned 32-bit words each.
 */
export function restoreRng(state: RngState): Rng {
  for (const name of ['key', 'generator'] as const) {
    const words = state[name];
    const sound =
      Array.isArray(words) &&
      words.length === 4 &&
      words.every((word) => Number.isInteger(word) && word >= 0 && word < TWO_32);
    if (!sound) {
      throw new RangeError(
        `restoreRng: state.${name} is broken, expected 4 unsigned 32-bit words, got ${JSON.stringify(words)}`,
      );
    }
  }
  if (state.generator.every((word) => word === 0)) {
    throw new RangeError('restoreRng: state.generator is all zero, a state that is never reached');
  }
  return streamOf(state.key, state.generator);
}

function streamOf(key: readonly number[], position?: readonly number[]): Rng {
  // A key is also the start of its stream, moved apart from the keys of its children by a tag.
  const generator = xoroshiro128plusFromState(position ?? nonZero(hashKey([...key])));

  const uint32 = (): number => generator.next() >>> 0;

  // The low bits of xoroshiro128+ are the weak ones: everything below draws from the high bits.
  const uniform = (): number => {
    const high = uint32() >>> 5;
    const low = uint32() >>> 6;
    return (high * 2 ** 26 + low) * 2 ** -53;
  };

  const int = (n: number): number => {
    if (!Number.isInteger(n) || n < 1 || n > TWO_32) {
      throw new RangeError(`Rng.int: expected an integer n with 1 <= n <= 2^32, got ${n}`);
    }
    const width = Math.floor(TWO_32 / n);
    let word = uint32();
    while (word >= width * n) word = uint32(); // refuse the last, incomplete interval
    return Math.floor(word / width);
  };

  const normal = (): number => {
    const radius = Math.sqrt(-2 * Math.log(1 - uniform())); // 1 - u is in (0, 1]
    return radius * Math.cos(2 * Math.PI * uniform());
  };

  const choice = (n: number, k: number): Uint32Array => {
    checkCount('Rng.choice', 'n', n);
    checkCount('Rng.choice', 'k', k);
    if (k > n) {
      throw new RangeError(`Rng.choice: cannot draw ${k} different values, expected k <= n = ${n}`);
    }
    return k * 8 < n ? sparseShuffle(n, k, int) : denseShuffle(n, k, int);
  };

  return {
    fork: (label) => streamOf(hashKey([...key, label])),
    uint32,
    uniform,
    int,
    normal,
    choice,
    permutation: (n) => {
      checkCount('Rng.permutation', 'n', n);
      return denseShuffle(n, n, int);
    },
    state: () => ({ key: [...key], generator: generator.getState().map((word) => word >>> 0) }),
  };
}

function nonZero(words: readonly number[]): readonly number[] {
  return words.some((word) => word !== 0) ? words : [1, 0, 0, 0];
}

function checkCount(where: string, name: string, value: number): void {
  if (!Number.isInteger(value) || value < 0 || value >= TWO_32) {
    throw new RangeError(
      `${where}: expected an integer ${name} with 0 <= ${name} < 2^32, got ${value}`,
    );
  }
}

/** The first k steps of a Fisher-Yates shuffle of 0 … n-1. O(n) memory. */
function denseShuffle(n: number, k: number, int: (n: number) => number): Uint32Array {
  const order = new Uint32Array(n);
  for (let i = 0; i < n; i++) order[i] = i;
  for (let i = 0; i < Math.min(k, n - 1); i++) {
    const j = i + int(n - i);
    const swapped = order[i] as number;
    order[i] = order[j] as number;
    order[j] = swapped;
  }
  return k === n ? order : order.slice(0, k);
}

/** The same draws and the same result, keeping only the positions that were moved. O(k) memory. */
function sparseShuffle(n: number, k: number, int: (n: number) => number): Uint32Array {
  const moved = new Map<number, number>();
  const picks = new Uint32Array(k);
  for (let i = 0; i < k; i++) {
    const j = i + int(n - i);
    picks[i] = moved.get(j) ?? j;
    moved.set(j, moved.get(i) ?? i);
  }
  return picks;
}
