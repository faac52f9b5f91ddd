import { ShapeError } from '../errors.ts';
import { checkCurve, type LearningCurve } from './learning-curve.ts';

/**
 * Mean height of a learning curve between its first and last size: the trapezoid area divided by the
 * range of labels. In the unit of the figure, so that an accuracy of 1 throughout gives 1. Compare
 * only curves over the same range.
 *
 * @throws ShapeError with fewer than 2 points, or if the curve is not sound.
 */
export function areaUnderLearningCurve(curve: LearningCurve): number {
  checkCurve('areaUnderLearningCurve', curve);
  const { labelled, values } = curve;
  if (labelled.length < 2) {
    throw new ShapeError(
      'areaUnderLearningCurve: 1 point has no area under it, expected at least 2',
    );
  }
  let area = 0;
  for (let i = 1; i < labelled.length; i++) {
    const width = (labelled[i] as number) - (labelled[i - 1] as number);
    area += (width * ((values[i] as number) + (values[i - 1] as number))) / 2;
  }
  return area / ((labelled.at(-1) as number) - (labelled[0] as number));
}
