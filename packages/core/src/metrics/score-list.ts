/** Numbers that come one by one, in an array that doubles when it is full. */
export class ScoreList {
  #data = new Float64Array(64);
  #length = 0;

  /** How many there are. */
  get length(): number {
    return this.#length;
  }

  /** Adds a number at the end. */
  push(value: number): void {
    if (this.#length === this.#data.length) {
      const larger = new Float64Array(2 * this.#length);
      larger.set(this.#data);
      this.#data = larger;
    }
    this.#data[this.#length] = value;
    this.#length++;
  }

  /** All numbers so far: a view, to be read before the next one is added. */
  values(): Float64Array {
    return this.#data.subarray(0, this.#length);
  }

  /** Forgets everything, and the memory. */
  reset(): void {
    this.#data = new Float64Array(64);
    this.#length = 0;
  }
}

/** Positions in the order of falling values; equal values keep their order. O(n log n). */
export function fallingOrder(values: Float64Array): Uint32Array {
  return Uint32Array.from(values, (_, i) => i).sort(
    (a, b) => (values[b] as number) - (values[a] as number) || a - b,
  );
}

/** Calls `visit(from, to)` for every run of equal values, `order[from] … order[to - 1]`. */
export function forEachTie(
  values: Float64Array,
  order: Uint32Array,
  visit: (from: number, to: number) => void,
): void {
  let from = 0;
  for (let to = 1; to <= order.length; to++) {
    if (to < order.length && values[order[to] as number] === values[order[from] as number])
      continue;
    visit(from, to);
    from = to;
  }
}

/**
 * `figures` in the given order, each replaced by the mean over those whose value is equal: what to
 * expect when ties are broken at random, so that the order of the items changes nothing.
 */
export function meanOverTies(
  values: Float64Array,
  figures: Float64Array,
  order: Uint32Array,
): Float64Array {
  const means = new Float64Array(order.length);
  forEachTie(values, order, (from, to) => {
    let sum = 0;
    for (let i = from; i < to; i++) sum += figures[order[i] as number] as number;
    means.fill(sum / (to - from), from, to);
  });
  return means;
}
