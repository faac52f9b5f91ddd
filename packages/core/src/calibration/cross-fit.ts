import type { NdArray } from '../data/example.ts';
import type { Rng } from '../random/rng.ts';
import type { CalibrationMethod, Calibrator, ClassScores } from './calibrator.ts';
import { checkLabels, scoreSizes } from './log-scores.ts';

/** Options of {@link crossFit}. */
export interface CrossFitOptions {
  /** Number of parts. Default 5. */
  readonly folds?: number;
  /** Which item goes to which part. */
  readonly rng: Rng;
}

/** Calibrators fitted to all parts but one each. */
export interface CrossFitted extends Calibrator {
  /** One calibrator a part, fitted to the other parts. */
  readonly calibrators: readonly Calibrator[];
  /** Part of each item, `[N]`. */
  readonly fold: Int32Array;
  /** Probabilities of each item by the calibrator that has not seen it, `[N, C]`. */
  readonly outOfFold: NdArray<Float64Array>;
  /** Mean nll of those: an honest figure to compare methods and penalties by. */
  readonly outOfFoldNll: number;
}

/**
 * Cross-fitting, for when there are too few items to hold some back: every item is calibrated by a
 * calibrator that was fitted to the other parts, and new items by the mean of the probabilities of all of
 * them. Choose a method or a penalty by the lowest `outOfFoldNll`.
 *
 * Parts are stratified: the items of each class are dealt out in random order. Randomness: `rng.fork` by
 * class; nothing else. Costs `folds` fits.
 *
 * @throws RangeError unless folds is an integer from 2 to N; others as the method's `fit`.
 * @see Kull et al., Beyond temperature scaling (2019), section 4.1
 */
export function crossFit(
  method: CalibrationMethod,
  scores: ClassScores,
  labels: ArrayLike<number>,
  { folds = 5, rng }: CrossFitOptions,
): CrossFitted {
  const where = `crossFit(${method.name})`;
  const { N, C } = scoreSizes(where, scores);
  const checked = checkLabels(where, labels, { N, C });
  if (!Number.isInteger(folds) || folds < 2 || folds > N) {
    throw new RangeError(
      `${where}: expected an integer number of folds from 2 to ${N}, got ${folds}`,
    );
  }
  const fold = deal(checked, C, folds, rng);
  const part = (taken: (n: number) => boolean): { rows: number[]; scores: ClassScores } => {
    const rows = Array.from({ length: N }, (_, n) => n).filter(taken);
    const data = rows.flatMap((n) =>
      Array.from({ length: C }, (_, c) => scores.data[n * C + c] as number),
    );
    return { rows, scores: { data, shape: [rows.length, C], kind: scores.kind } };
  };
  const outOfFold = new Float64Array(N * C);
  const calibrators = Array.from({ length: folds }, (_, f) => {
    const others = part((n) => fold[n] !== f);
    const calibrator = method.fit(
      others.scores,
      others.rows.map((n) => checked[n] as number),
    );
    const own = part((n) => fold[n] === f);
    if (own.rows.length > 0) {
      const { data } = calibrator.apply(own.scores);
      own.rows.forEach((n, i) => {
        outOfFold.set(data.subarray(i * C, (i + 1) * C), n * C);
      });
    }
    return calibrator;
  });
  const apply = (given: ClassScores): NdArray<Float64Array> => {
    const parts = calibrators.map((calibrator) => calibrator.apply(given).data);
    const data = (parts[0] as Float64Array).map(
      (_, i) => parts.reduce((sum, one) => sum + (one[i] as number), 0) / folds,
    );
    return { data, shape: [...given.shape] };
  };
  const nllOf = (probs: Float64Array): number =>
    checked.reduce((sum, label, n) => sum - Math.log(probs[n * C + label] as number), 0) / N;
  const reports = calibrators.map(({ report }) => report);
  const mean = (of: (report: Calibrator['report']) => number): number =>
    reports.reduce((sum, report) => sum + of(report), 0) / folds;
  return {
    name: method.name,
    calibrators,
    fold,
    outOfFold: { data: outOfFold, shape: [N, C] },
    outOfFoldNll: nllOf(outOfFold),
    apply,
    report: {
      converged: reports.every(({ converged }) => converged),
      iterations: Math.max(...reports.map(({ iterations }) => iterations)),
      gradient: Math.max(...reports.map(({ gradient }) => gradient)),
      objective: mean(({ objective }) => objective),
      nll: nllOf(apply(scores).data),
      nllBefore: mean(({ nllBefore }) => nllBefore),
    },
  };
}

/** Deals the items of each class out to the parts in random order, going on where the last class ended. */
function deal(labels: Int32Array, C: number, folds: number, rng: Rng): Int32Array {
  const fold = new Int32Array(labels.length);
  let next = 0;
  for (let c = 0; c < C; c++) {
    const own = Array.from(labels.keys()).filter((n) => labels[n] === c);
    if (own.length === 0) continue;
    for (const i of rng.fork(`class-${c}`).permutation(own.length)) {
      fold[own[i] as number] = next++ % folds;
    }
  }
  return fold;
}
