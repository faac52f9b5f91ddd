/*
 * `sum_i v_i ln v_i` is the innermost loop of every joint information. `Math.log` takes most of its
 * time, so the logarithm is taken apart here: exponent and the first bits of the mantissa look up a
 * table, and three terms of a series do the rest. With 11 bits the fourth term is below 1e-15.
 */
const BITS = 11;
const SIZE = 1 << BITS;
/** 1 / m and ln m for the middle m of each interval of mantissas in [1, 2). */
const inverse = new Float64Array(SIZE);
const logMiddle = new Float64Array(SIZE);
for (let i = 0; i < SIZE; i++) {
  const middle = 1 + (i + 0.5) / SIZE;
  inverse[i] = 1 / middle;
  logMiddle[i] = Math.log(middle);
}
/** 2^-e and e ln 2 for the exponent field; the field 0 (zero, and numbers below 1e-307) gives 0. */
const scale = new Float64Array(2047);
const logScale = new Float64Array(2047);
for (let field = 1; field < 2047; field++) {
  scale[field] = 2 ** (1023 - field);
  logScale[field] = (field - 1023) * Math.LN2;
}
/** Where the high word of a Float64 lies depends on the byte order of the machine. */
const HIGH = new Uint32Array(Float64Array.of(1).buffer)[1] === 0 ? 0 : 1;

/** Sums `v ln v` over parts of its values. */
export interface EntropySum {
  /** What is summed over; to be written to. At least 0. */
  readonly values: Float64Array;
  /** `-sum v ln v` over `values[from … to-1]`, with `0 ln 0 = 0`. Absolute error below 2e-15 a value. */
  entropy(from: number, to: number): number;
}

/** Room for `size` values whose entropies are to be summed. O(1) a value, a quarter of `Math.log`. */
export function entropySum(size: number): EntropySum {
  const values = new Float64Array(size);
  const words = new Uint32Array(values.buffer);
  return {
    values,
    entropy: (from, to) => {
      let sum = 0;
      for (let i = from; i < to; i++) {
        const v = values[i] as number;
        const high = words[2 * i + HIGH] as number;
        const field = high >>> 20;
        const at = (high >>> (20 - BITS)) & (SIZE - 1);
        const d = v * (scale[field] as number) * (inverse[at] as number) - 1;
        const series = d * (1 - d * (0.5 - d * (1 / 3)));
        sum += v * ((logScale[field] as number) + (logMiddle[at] as number) + series);
      }
      return -sum;
    },
  };
}
