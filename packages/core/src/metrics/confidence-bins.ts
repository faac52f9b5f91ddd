/** Counts, confidences and hits in bins of equal width over [0, 1]. */
export class ConfidenceBins {
  /** Positions in each bin. */
  readonly counts: Float64Array;
  /** Sum of confidences in each bin. */
  readonly confidences: Float64Array;
  /** Right predictions in each bin. */
  readonly hits: Float64Array;

  /** @throws RangeError unless `bins` is a positive integer. */
  constructor(where: string, bins: number) {
    if (!Number.isInteger(bins) || bins < 1) {
      throw new RangeError(`${where}: expected a positive integer number of bins, got ${bins}`);
    }
    this.counts = new Float64Array(bins);
    this.confidences = new Float64Array(bins);
    this.hits = new Float64Array(bins);
  }

  /** Bin b holds `b/bins <= confidence < (b+1)/bins`, the last one also 1 (and its rounding). */
  add(confidence: number, hit: boolean): void {
    const last = this.counts.length - 1;
    const bin = Math.min(last, Math.floor(confidence * this.counts.length));
    this.counts[bin] = (this.counts[bin] as number) + 1;
    this.confidences[bin] = (this.confidences[bin] as number) + confidence;
    if (hit) this.hits[bin] = (this.hits[bin] as number) + 1;
  }

  /** Number of positions. */
  total(): number {
    return this.counts.reduce((sum, count) => sum + count, 0);
  }

  /** `sum_b n_b/n |accuracy_b - confidence_b|`; 0 without positions. */
  expectedError(): number {
    const total = this.total();
    if (total === 0) return 0;
    let gap = 0;
    for (let b = 0; b < this.counts.length; b++) {
      gap += Math.abs((this.hits[b] as number) - (this.confidences[b] as number));
    }
    return gap / total;
  }

  /** Forgets everything. */
  reset(): void {
    for (const array of [this.counts, this.confidences, this.hits]) array.fill(0);
  }
}
