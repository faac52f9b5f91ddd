import { ConfigError } from '../../errors.ts';
import type { Heuristic, HeuristicOptions } from '../heuristic.ts';
import { featureHeuristic, pickOneByOne, rngOf } from './feature-heuristic.ts';
import { type FeatureRows, highest } from './features.ts';
import { pureRadiusSquare, quantileRadiusSquare } from './prob-cover-radius.ts';

/** Options of {@link probCover}: one rule for the radius; default `quantile`. */
export interface ProbCoverOptions {
  /** Radius of the balls that cover, in the units of the features; above 0. */
  readonly radius?: number;
  /**
   * The radius is this quantile of the distances between items, in (0, 1): a ball holds about that
   * share of the pool. Default 0.05.
   */
  readonly quantile?: number;
  /** Number of classes: the radius is the largest at which balls are pure, as in the paper. */
  readonly classes?: number;
  /** With `classes`: the share of balls that must hold one class only, in (0, 1]. Default 0.95, as in the paper. */
  readonly purity?: number;
}

/**
 * ProbCover: the items whose balls of a given radius cover most of what is not covered yet, one after
 * the other: `argmax_i |{j not covered: |f_i - f_j| <= radius}|`. For very small budgets.
 *
 * Features `[N, D]` and those of the labelled items `[L, D]` in; of the predictions only their number
 * counts. What lies in the ball of a labelled item is covered from the start; an item that is covered
 * may be chosen still. Scores are the numbers of items that a ball would cover, gains those at the
 * moment of choice. Picks are all different; ties go to the lowest position.
 *
 * The radius is given; or the largest at which a share `purity` of the balls holds one class, where
 * k-means with `classes` clusters stands for the classes; or, by default, a quantile of the distances
 * between pairs of items, of up to 1000 evenly spaced ones. Candidates and labelled items count alike:
 * labelling alone changes neither the items nor their distances. But features change with every training,
 * and the order of the items decides which of more than 1000 are taken, and what k-means finds.
 *
 * Randomness: stream `probCover` of `options.rng` where `classes` is given; none else.
 * O(N (N + L) D) time, O(N) memory beside the features.
 *
 * @throws ConfigError if there are several rules for the radius; RangeError for a number out of range;
 *   TypeError where features, querySize or, with `classes`, the rng are missing; ShapeError,
 *   NumericalError for unsound features.
 * @see Yehuda et al., Active Learning Through a Covering Lens (2022), alg. 1 and sec. 3.3
 */
export function probCover(options: ProbCoverOptions = {}): Heuristic {
  check(options);
  return featureHeuristic({
    name: 'probCover',
    needsLabelled: true,
    start: (rows, work) => {
      const { N, L, squaredDistance } = rows;
      const reach = squaredRadius(rows, options, work);
      const within = (i: number, j: number): boolean => squaredDistance(i, j, reach) <= reach;
      const covered_N = new Uint8Array(N);
      for (let j = 0; j < L; j++) {
        for (let i = 0; i < N; i++) if (within(i, N + j)) covered_N[i] = 1;
      }
      /** How many items that are not covered each ball holds. */
      const gains_N = new Float64Array(N);
      for (let j = 0; j < N; j++) {
        work.signal?.throwIfAborted();
        for (let i = 0; i <= j; i++) {
          if ((covered_N[i] === 1 && covered_N[j] === 1) || !within(i, j)) continue;
          if (covered_N[j] === 0) gains_N[i] = (gains_N[i] as number) + 1;
          if (covered_N[i] === 0 && i < j) gains_N[j] = (gains_N[j] as number) + 1;
        }
      }
      return {
        scores: gains_N.slice(),
        select: (size) =>
          pickOneByOne(size, work, () => {
            const pick = highest(gains_N);
            const gain = gains_N[pick] as number;
            for (let j = 0; j < N; j++) {
              if (covered_N[j] === 1 || !within(pick, j)) continue;
              covered_N[j] = 1;
              for (let i = 0; i < N; i++) if (within(i, j)) gains_N[i] = (gains_N[i] as number) - 1;
            }
            gains_N[pick] = Number.NEGATIVE_INFINITY;
            return { pick, gain };
          }),
      };
    },
  });
}

function squaredRadius(
  rows: FeatureRows,
  { radius, quantile = 0.05, classes, purity = 0.95 }: ProbCoverOptions,
  work: HeuristicOptions,
): number {
  if (radius !== undefined) return radius ** 2;
  if (classes === undefined) return quantileRadiusSquare(rows, quantile);
  return pureRadiusSquare(rows, { classes, purity }, rngOf('probCover', work), work.signal);
}

function check({ radius, quantile, classes, purity }: ProbCoverOptions): void {
  const rules = Object.entries({ radius, quantile, classes }).filter(
    ([, value]) => value !== undefined,
  );
  if (rules.length > 1) {
    throw new ConfigError(
      `probCover: there are several rules for the radius, expected one of radius, quantile and classes, got ${rules.map(([name]) => name).join(' and ')}`,
    );
  }
  if (purity !== undefined && classes === undefined) {
    throw new ConfigError('probCover: purity goes with classes, expected both, got purity alone');
  }
  const refuse = (name: string, expected: string, value: number): never => {
    throw new RangeError(`probCover: bad ${name}, expected ${expected}, got ${value}`);
  };
  if (radius !== undefined && !(radius > 0 && Number.isFinite(radius))) {
    refuse('radius', 'a finite number above 0', radius);
  }
  if (quantile !== undefined && !(quantile > 0 && quantile < 1)) {
    refuse('quantile', 'a share above 0, below 1', quantile);
  }
  if (classes !== undefined && !(Number.isInteger(classes) && classes >= 2)) {
    refuse('classes', 'an integer >= 2', classes);
  }
  if (purity !== undefined && !(purity > 0 && purity <= 1)) {
    refuse('purity', 'a share above 0, at most 1', purity);
  }
}
