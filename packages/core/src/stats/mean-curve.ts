import { ShapeError } from '../errors.ts';
import { checkCurve, type LearningCurve } from './learning-curve.ts';
import { type ConfidenceOptions, type Interval, meanInterval } from './mean-interval.ts';

/** Mean of the learning curves of several seeds. */
export interface MeanCurve {
  /** Labelled-set sizes, as in every run. */
  readonly labelled: readonly number[];
  /** Mean over the runs at each size. */
  readonly mean: readonly number[];
  /** Interval of the mean at each size (pointwise, not of the whole curve); null for a single run. */
  readonly interval: readonly (Interval | null)[];
  /** Number of runs. */
  readonly runs: number;
}

/**
 * The mean of learning curves, one a seed, with a Student-t interval at every size.
 *
 * All runs must be evaluated at the same labelled-set sizes: nothing is interpolated or cut.
 * The crossing of the mean curve is not the mean of the crossings: for label counts take
 * `labelsToLevel` of every run.
 *
 * @throws ShapeError if there is no curve, or two differ in their sizes; RangeError and
 *   NumericalError as `meanInterval`.
 */
export function meanCurve(
  curves: readonly LearningCurve[],
  options: ConfidenceOptions = {},
): MeanCurve {
  const [first] = curves;
  if (first === undefined) throw new ShapeError('meanCurve: no curves, expected at least 1');
  for (const [run, curve] of curves.entries()) {
    checkCurve(`meanCurve: run ${run}`, curve);
    if (curve.labelled.join() !== first.labelled.join()) {
      throw new ShapeError(
        `meanCurve: run ${run} is evaluated at [${curve.labelled.join(', ')}] labels, expected [${first.labelled.join(', ')}] like run 0`,
      );
    }
  }
  const points = first.labelled.map((_, i) =>
    meanInterval(
      curves.map(({ values }) => values[i] as number),
      options,
    ),
  );
  return {
    labelled: [...first.labelled],
    mean: points.map(({ mean }) => mean),
    interval: points.map(({ interval }) => interval),
    runs: curves.length,
  };
}
