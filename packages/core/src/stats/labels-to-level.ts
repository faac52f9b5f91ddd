import { checkCurve, type LearningCurve } from './learning-curve.ts';

/** Which side of the level is good. */
export interface LevelOptions {
  /** `atLeast` for accuracy and the like (default), `atMost` for errors and losses. */
  readonly direction?: 'atLeast' | 'atMost';
}

/**
 * Labels needed to reach a level: the labelled-set size at the first evaluation at which the curve
 * is at the level or better; null if it never is. A later fall below the level changes nothing.
 *
 * Counting rule: the size is that of the set on which the evaluated model was trained, with the
 * initial labels, at an evaluated point; nothing is interpolated, so the count is only as fine as the
 * acquisition size. Published tables count in other ways: BatchBALD 2019 prints this number minus the
 * acquisition size, DBAL 2017 leaves the initial labels out. Statistics over seeds are those of each
 * run's first crossing; the crossing of a mean or median curve is a different, usually larger number.
 *
 * @throws ShapeError, NumericalError if the curve is not sound; RangeError if the level is not finite.
 */
export function labelsToLevel(
  curve: LearningCurve,
  level: number,
  { direction = 'atLeast' }: LevelOptions = {},
): number | null {
  checkCurve('labelsToLevel', curve);
  if (!Number.isFinite(level)) {
    throw new RangeError(`labelsToLevel: expected a finite level, got ${level}`);
  }
  const reached = curve.values.findIndex((value) =>
    direction === 'atLeast' ? value >= level : value <= level,
  );
  return reached < 0 ? null : (curve.labelled[reached] as number);
}
