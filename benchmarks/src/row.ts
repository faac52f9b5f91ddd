/** How far a row came: its aim, its gate, neither, or not measured against the other side. */
export type Met = 'aim' | 'gate' | 'missed' | 'skipped';

/** Units of what is measured: times, memory (10^6 bytes), information. */
export type Unit = 'ms' | 's' | 'MB' | 'nats';

/** What a row compares, and what is asked of it. */
export interface RowDefinition {
  /** Says what is measured and, after the colon, what is divided by what. */
  readonly name: string;
  /** Unit of both sides. */
  readonly unit: Unit;
  /** `ours/other` is to be at most gate and aim; `other/ours`, how often ours fits in, at least. */
  readonly ratio: 'ours/other' | 'other/ours';
  /** Which ratio is the better one, where it is not as `ratio` says: of two gains, ours should be high. */
  readonly better?: 'lower' | 'higher';
  /** What the ratio has to reach. */
  readonly gate: number;
  /** What the ratio should reach. */
  readonly aim: number;
}

/**
 * Samples of both sides, times in milliseconds, others in the unit of the row; `other` is absent where
 * there is nothing to compare with.
 */
export interface Samples {
  /** Ours. */
  readonly ours: readonly number[];
  /** What ours is compared with. */
  readonly other?: readonly number[];
}

/** A measured row, as the JSON file has it. */
export interface Row {
  /** As in {@link RowDefinition}. */
  readonly name: string;
  /** Median of our samples, in `unit`. */
  readonly ours: number;
  /** Median of the other side's samples, in `unit`; null if it was not measured. */
  readonly other: number | null;
  /** Unit of `ours`, `other` and `samples`. */
  readonly unit: Unit;
  /** As the name defines it; null if the other side was not measured. */
  readonly ratio: number | null;
  /** The gate: at most this, or at least this, by `better`. */
  readonly target: number;
  /** What the ratio should reach. */
  readonly aim: number;
  /** Which ratio is the better one. */
  readonly better: 'lower' | 'higher';
  /** How far the ratio came. */
  readonly met: Met;
  /** How it was measured. */
  readonly note: string;
  /** All samples, in `unit`. */
  readonly samples: { readonly ours: readonly number[]; readonly other: readonly number[] };
}

/** The middle value, or the mean of the two in the middle. @throws RangeError for no values. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('median: no values, expected at least 1');
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
}

/** How far a ratio came; a gate counts as reached at equality. */
export function judge(
  definition: Pick<RowDefinition, 'ratio' | 'better' | 'gate' | 'aim'>,
  ratio: number,
): Met {
  const { gate, aim } = definition;
  const reached = (level: number): boolean =>
    betterOf(definition) === 'lower' ? ratio <= level : ratio >= level;
  return reached(aim) ? 'aim' : reached(gate) ? 'gate' : 'missed';
}

function betterOf({ ratio, better }: Pick<RowDefinition, 'ratio' | 'better'>): 'lower' | 'higher' {
  return better ?? (ratio === 'ours/other' ? 'lower' : 'higher');
}

/** The row of its samples. */
export function makeRow(definition: RowDefinition, samples: Samples, note: string): Row {
  const { name, unit, gate, aim } = definition;
  const inUnit = (ms: number): number => (unit === 's' ? ms / 1000 : ms);
  const ours = median(samples.ours);
  const other = samples.other === undefined ? null : median(samples.other);
  const ratio =
    other === null ? null : definition.ratio === 'ours/other' ? ours / other : other / ours;
  return {
    name,
    ours: inUnit(ours),
    other: other === null ? null : inUnit(other),
    unit,
    ratio,
    target: gate,
    aim,
    better: betterOf(definition),
    met: ratio === null ? 'skipped' : judge(definition, ratio),
    note,
    samples: { ours: samples.ours.map(inUnit), other: (samples.other ?? []).map(inUnit) },
  };
}
