import { BestItems } from '@baal/core';
import type { ScoredRow } from './score-rows.ts';

/** A row that could not be scored. */
export interface BrokenRow {
  readonly row: number;
  readonly id: string;
  readonly reason: string;
}

/** What is kept of all rows: a few numbers, the best, and the first that are broken. */
export interface ScoreSummary {
  /** Rows of the source. */
  readonly rows: number;
  /** Those that were scored. */
  readonly scored: number;
  readonly meanScore: number | null;
  readonly lowest: number | null;
  readonly highest: number | null;
  /** Rows that could not be scored: how many, and the first 1000 of them. */
  readonly brokenCount: number;
  readonly broken: readonly BrokenRow[];
  /** Best first. */
  readonly top: readonly TopRow[];
  /** Accuracies over the rows whose class is known; absent where none is. */
  readonly accuracy?: LabelledAccuracy;
}

/** A row to label soon. */
export type TopRow = ScoredRow & { readonly score: number };

/** Right answers of the average of the samples, and of one deterministic pass. */
export interface LabelledAccuracy {
  readonly labelled: number;
  /** Of the average of the K samples. */
  readonly average: number;
  readonly deterministic: number;
}

const mostBroken = 1000;

/** Gathers a {@link ScoreSummary} from rows in order, in memory that does not grow with them. */
export class SummaryBuilder {
  readonly #top: BestItems<TopRow>;
  readonly #broken: BrokenRow[] = [];
  #rows = 0;
  #brokenCount = 0;
  #sum = 0;
  #lowest = Number.POSITIVE_INFINITY;
  #highest = Number.NEGATIVE_INFINITY;
  #labelled = 0;
  #rightAverage = 0;
  #rightDeterministic = 0;

  constructor(top: number) {
    this.#top = new BestItems(top);
  }

  add(row: ScoredRow): void {
    this.#rows++;
    if (row.score === null) {
      this.#brokenCount++;
      if (this.#broken.length < mostBroken) {
        this.#broken.push({ row: row.row, id: row.id, reason: row.reason ?? 'no score' });
      }
      return;
    }
    this.#sum += row.score;
    this.#lowest = Math.min(this.#lowest, row.score);
    this.#highest = Math.max(this.#highest, row.score);
    this.#top.add(row.score, { ...row, score: row.score });
    if (row.label === undefined || row.deterministic === undefined) return;
    this.#labelled++;
    if (row.prediction === row.label) this.#rightAverage++;
    if (row.deterministic === row.label) this.#rightDeterministic++;
  }

  build(): ScoreSummary {
    const scored = this.#rows - this.#brokenCount;
    const some = scored > 0;
    const labelled = this.#labelled;
    return {
      rows: this.#rows,
      scored,
      meanScore: some ? this.#sum / scored : null,
      lowest: some ? this.#lowest : null,
      highest: some ? this.#highest : null,
      brokenCount: this.#brokenCount,
      broken: this.#broken,
      top: this.#top.sorted().map(({ item }) => item),
      ...(labelled === 0
        ? {}
        : {
            accuracy: {
              labelled,
              average: this.#rightAverage / labelled,
              deterministic: this.#rightDeterministic / labelled,
            },
          }),
    };
  }
}
