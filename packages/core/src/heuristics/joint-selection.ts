import type { Rng } from '../random/rng.ts';
import type { StopSignal } from '../stop-signal.ts';
import { configurationRace } from './configuration-race.ts';
import type { BatchSelection } from './heuristic.ts';
import {
  drawLabels,
  emptyConfiguration,
  enumerateLabels,
  type LabelConfigurations,
  sampleConfigurations,
} from './label-configurations.ts';
import type { LabelProbabilities } from './label-probabilities.ts';
import { paddedRows, type RowInformation, rowInformation } from './row-information.ts';

/** Settings of {@link selectJointly}. */
export interface JointSelectionOptions {
  /** How many items to pick; fewer if there are fewer. */
  readonly batchSize: number;
  /** How many configurations of labels are enumerated at most. */
  readonly maxConfigurations: number;
  /** How many are sampled where there are more. */
  readonly samples: number;
  /** Called once where configurations have to be sampled. */
  readonly rng: () => Rng;
  readonly signal?: StopSignal | undefined;
}

/** A gain that is known to lie below the best one by no more than rounding is still a tie. */
const ROUNDING = 1e-10;

/**
 * Greedy maximisation of the joint information `I[y_1 … y_b; w]`. The gain of an item is what its
 * label adds to the labels chosen so far: the expectation over their configurations of
 * `H[y | labels] - E_w|labels H[y | w]`, that is, of the BALD score under the posterior given them.
 *
 * A gain never grows when the batch does (the information is submodular), so a gain of an earlier
 * step is a bound: items whose bound lies below the best gain of a step are not looked at. Ties go to
 * the lowest position.
 */
export function selectJointly(
  labels: LabelProbabilities,
  options: JointSelectionOptions,
): BatchSelection {
  const size = Math.min(options.batchSize, labels.N);
  const information = rowInformation(labels);
  const bounds_N = new Float64Array(labels.N).fill(Number.POSITIVE_INFINITY);
  const left = new Set(Array.from({ length: labels.N }, (_, n) => n));
  const picks: number[] = [];
  const gains = new Float64Array(size);
  const standardErrors = new Float64Array(size);
  let configurations = emptyConfiguration(labels.K);
  let rng: Rng | undefined;
  for (let b = 0; b < size; b++) {
    const best = bestItem(configurations, labels, information, left, bounds_N, options.signal);
    gains[b] = best.gain;
    standardErrors[b] = best.standardError;
    picks.push(best.item);
    left.delete(best.item);
    if (b === size - 1) break;
    if (configurations.drawnFrom_M !== undefined && rng !== undefined) {
      configurations = drawLabels(configurations, labels, best.item, rng);
    } else if (configurations.M * labels.C <= options.maxConfigurations) {
      configurations = enumerateLabels(configurations, labels, best.item);
    } else {
      rng = options.rng();
      configurations = sampleConfigurations(labels, picks, options.samples, rng);
    }
  }
  return { picks: Uint32Array.from(picks), gains, standardErrors };
}

interface Gain {
  readonly item: number;
  readonly gain: number;
  readonly standardError: number;
}

/** The item with the highest gain, and tighter bounds of those that were looked at. */
function bestItem(
  configurations: LabelConfigurations,
  labels: LabelProbabilities,
  information: RowInformation,
  left: ReadonlySet<number>,
  bounds_N: Float64Array,
  signal: StopSignal | undefined,
): Gain {
  const rows = new Float64Array(paddedRows(configurations.M));
  const race = configurationRace(configurations, labels, information);
  // Stable: equal bounds keep the order of positions.
  const order = Uint32Array.from(left).sort(
    (a, b) => (bounds_N[b] as number) - (bounds_N[a] as number) || a - b,
  );
  let best: Gain = { item: -1, gain: Number.NEGATIVE_INFINITY, standardError: 0 };
  for (const item of order) {
    signal?.throwIfAborted();
    const bound = bounds_N[item] as number;
    if (bound < best.gain - ROUNDING) break;
    if (race !== null && !race.mayWin(item)) {
      bounds_N[item] = Math.min(bound, best.gain);
      continue;
    }
    information(configurations.weights_M_K, 0, configurations.M, item, rows);
    const { gain, standardError } = average(configurations, rows);
    bounds_N[item] = Math.min(bound, gain + 4 * standardError);
    if (gain > best.gain || (gain === best.gain && item < best.item)) {
      best = { item, gain, standardError };
      race?.lead();
    }
  }
  return best;
}

/** Expectation over the configurations, and the standard error of it where they are a sample. */
function average(
  { M, shares_M, drawnFrom_M }: LabelConfigurations,
  rows: Float64Array,
): { gain: number; standardError: number } {
  let mean = 0;
  let square = 0;
  for (let m = 0; m < M; m++) {
    const value = rows[m] as number;
    mean += (shares_M[m] as number) * value;
    square += (shares_M[m] as number) * value * value;
  }
  // Rounding alone takes information below 0.
  const gain = Math.max(0, mean);
  if (drawnFrom_M === undefined) return { gain, standardError: 0 };
  return { gain, standardError: Math.sqrt(Math.max(0, square - mean * mean) / (M - 1)) };
}
