import { checkPredictions } from '../src/predictions/check-predictions.ts';
import type { Predictions } from '../src/predictions/predictions.ts';
import { softmax } from './arbitrary-predictions.ts';

/** Distributions over the labels of one decision, `[K][labels]`. */
export type Problem = readonly (readonly number[])[];

/** What is predicted at one position of one item. */
export interface Position {
  /** The numbers as they are given, `[K][C]`. */
  readonly raw: Problem;
  /** One problem of C labels, or C of two: no and yes. None for kind `values`. */
  readonly problems: readonly Problem[];
}

export const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
export const mean = (values: readonly number[]): number => sum(values) / values.length;

/** All positions of all items, `[N][R]`, written apart from the library as a second route. */
export const positionsOf = (predictions: Predictions): Position[][] => {
  const { N, K, C, R } = checkPredictions('test', predictions);
  const { data, kind } = predictions;
  const range = (n: number): number[] => [...Array(n).keys()];
  return range(N).map((n) =>
    range(R).map((r) => {
      const raw = range(K).map((k) =>
        range(C).map((c) => data[((n * K + k) * C + c) * R + r] as number),
      );
      const yes = (x: number): number => (kind === 'sigmoidLogits' ? 1 / (1 + Math.exp(-x)) : x);
      if (kind === 'values') return { raw, problems: [] };
      if (kind === 'logits') return { raw, problems: [raw.map(softmax)] };
      if (kind === 'probabilities') return { raw, problems: [raw] };
      return {
        raw,
        problems: range(C).map((c) =>
          raw.map((pass) => [1 - yes(pass[c] as number), yes(pass[c] as number)]),
        ),
      };
    }),
  );
};

/** `-sum p ln p` in nats. */
export const entropyOf = (p: readonly number[]): number =>
  sum(p.map((x) => (x > 0 ? -x * Math.log(x) : 0)));
/** The mean over the samples. */
export const averageOf = (problem: Problem): number[] =>
  (problem[0] as readonly number[]).map((_, c) => mean(problem.map((p) => p[c] as number)));

/** `H[mean p] - mean H[p]`. */
export const informationOf = (problem: Problem): number =>
  entropyOf(averageOf(problem)) - mean(problem.map(entropyOf));

/** Several problems as one, whose labels are all combinations of theirs. */
export const togetherOf = (problems: readonly Problem[]): Problem =>
  problems.reduce((all, one) =>
    all.map((p, k) => p.flatMap((x) => (one[k] as readonly number[]).map((y) => x * y))),
  );

/** The scores of the heuristics at one position, from their definitions. */
export const naiveScores = {
  bald: ({ problems }: Position): number => sum(problems.map(informationOf)),
  entropy: ({ problems }: Position): number => sum(problems.map((p) => entropyOf(averageOf(p)))),
  margin: ({ problems }: Position): number =>
    mean(
      problems.map((p) => {
        const [first, second] = averageOf(p).sort((a, b) => b - a) as [number, number];
        return second - first;
      }),
    ),
  certainty: ({ problems }: Position): number =>
    mean(problems.map((p) => 1 - Math.max(...averageOf(p)))),
  committeeKl: ({ problems }: Position): number =>
    sum(
      problems.map((p) => {
        const center = averageOf(p);
        return mean(
          p.map((q) => sum(q.map((x, c) => (x > 0 ? x * Math.log(x / (center[c] as number)) : 0)))),
        );
      }),
    ),
  voteEntropy: ({ problems }: Position): number =>
    sum(
      problems.map((p) =>
        entropyOf(
          averageOf(p.map((q) => q.map((_, c) => (q.indexOf(Math.max(...q)) === c ? 1 : 0)))),
        ),
      ),
    ),
  /** Of the labels of all outputs together. */
  batchBald: ({ problems }: Position): number => informationOf(togetherOf(problems)),
  /** Half the mean squared difference of two samples, of every output. */
  variances: ({ raw }: Position): number[] =>
    (raw[0] as readonly number[]).map(
      (_, c) =>
        mean(raw.flatMap((a) => raw.map((b) => ((a[c] as number) - (b[c] as number)) ** 2))) / 2,
    ),
};
