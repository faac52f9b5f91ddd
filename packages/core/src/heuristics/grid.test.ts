import { describe, expect, it } from 'vitest';
import { firstFar } from '../../test/golden.ts';
import {
  averageOf,
  entropyOf,
  mean,
  naiveScores,
  type Position,
  positionsOf,
  sum,
  togetherOf,
} from '../../test/naive-scores.ts';
import { ConfigError, ShapeError } from '../errors.ts';
import type { PredictionKind, Predictions } from '../predictions/predictions.ts';
import { createRng } from '../random/create-rng.ts';
import { PREDICTION_KINDS, samplePredictions } from '../testing/sample-predictions.ts';
import { type GetHeuristicOptions, getHeuristic, HEURISTIC_NAMES } from './get-heuristic.ts';
import type { HeuristicOptions } from './heuristic.ts';
import { REDUCTION_NAMES, type Reduction } from './reduction.ts';

type Named = 'bald' | 'entropy' | 'margin' | 'certainty' | 'committeeKl' | 'voteEntropy';
type ErrorType = new (message: string) => Error;

/** What a registered heuristic does with every kind, shape and reduction. */
interface Row {
  /** Kinds that it scores; all others are TypeErrors. */
  readonly kinds: readonly PredictionKind[];
  /** Its options, which may say where the reduction goes. Default: its own option. */
  readonly options?: (reduction: Reduction) => GetHeuristicOptions;
  /** Whether it takes axes after the classes; if not, they are ShapeErrors. Default true. */
  readonly space?: false;
  /** What it refuses besides. */
  readonly refuses?: (one: Cell) => ErrorType | null;
  /**
   * The scores of an item's positions from the definition; `null` where there is none. What is
   * reduced before it is combined is told how.
   */
  readonly scores:
    | ((
        positions: readonly Position[],
        targets: Position[][],
        reduce?: (scores: number[]) => number[],
      ) => number[])
    | null;
  /** Default 4. */
  readonly samples?: number;
  /** Where ranks do not follow the scores: not at all, or not for the batch. */
  readonly order?: 'drawn' | 'batch';
}

/** One combination of the grid. */
interface Cell {
  readonly kind: PredictionKind;
  readonly outputs: number;
  readonly space: readonly number[];
  readonly reduction: Reduction;
}

const CLASSES = PREDICTION_KINDS.filter((kind) => kind !== 'values');
const each = (name: Named) => (positions: readonly Position[]) =>
  positions.map((position) => naiveScores[name](position));
const scoring = (name: Named): Row => ({ kinds: CLASSES, scores: each(name) });
const drawing = (base: Named): Row => ({
  kinds: CLASSES,
  options: (reduction) => ({ base: { kind: base, reduction } }),
  scores: each(base),
  order: 'drawn',
});
/** A reduction is no option of it. */
const noReduction = ({ reduction }: Cell): ErrorType | null =>
  reduction === 'none' ? null : ConfigError;
const own = (reduction: Reduction): GetHeuristicOptions => ({ reduction });
const onlyGiven = (reduction: Reduction): GetHeuristicOptions =>
  reduction === 'none' ? {} : { reduction };

/** What chooses by features scores any predictions alike, and has no reduction. */
const byFeatures: Row = {
  kinds: PREDICTION_KINDS,
  options: onlyGiven,
  refuses: noReduction,
  scores: null,
  order: 'batch',
};

const GRID: Readonly<Record<string, Row>> = {
  badge: {
    ...byFeatures,
    kinds: CLASSES,
    refuses: (cell) => noReduction(cell) ?? (cell.space.length > 0 ? ShapeError : null),
  },
  coldStart: {
    kinds: CLASSES,
    options: (reduction) => ({
      first: { kind: 'entropy', reduction },
      base: 'badge',
      until: { labels: 1 },
    }),
    scores: each('entropy'),
  },
  coreSet: byFeatures,
  lcmd: byFeatures,
  maxDet: byFeatures,
  probCover: byFeatures,
  typiClust: byFeatures,
  bald: scoring('bald'),
  batchBald: {
    kinds: CLASSES,
    options: onlyGiven,
    space: false,
    refuses: noReduction,
    scores: (positions) => positions.map(naiveScores.batchBald),
    order: 'batch',
  },
  certainty: scoring('certainty'),
  combine: {
    kinds: CLASSES,
    options: (reduction) => ({
      heuristics: [
        { heuristic: { kind: 'bald', reduction }, weight: 2 },
        { heuristic: { kind: 'entropy', reduction }, weight: 1 },
      ],
      reduction: 'sum',
    }),
    scores: (positions, _, reduce = (own) => own) => {
      const [a, b] = [reduce(each('bald')(positions)), reduce(each('entropy')(positions))];
      return a.map((score, i) => (2 * score + (b[i] as number)) / 3);
    },
  },
  committeeKl: scoring('committeeKl'),
  entropy: scoring('entropy'),
  epig: {
    kinds: CLASSES,
    options: onlyGiven,
    space: false,
    refuses: noReduction,
    scores: ([position], targets) => [
      mean(
        targets.map(([target]) => {
          const [p, q] = [position, target].map((one) => togetherOf((one as Position).problems));
          const [a, b] = [p, q].map((one) => entropyOf(averageOf(one as number[][])));
          const both = entropyOf(averageOf(togetherOf([p as number[][], q as number[][]])));
          return (a as number) + (b as number) - both;
        }),
      ),
    ],
  },
  gibbsSampling: drawing('margin'),
  leastConfidence: scoring('certainty'),
  margin: scoring('margin'),
  powerBald: { ...scoring('bald'), order: 'drawn' },
  powerEntropy: { ...scoring('entropy'), order: 'drawn' },
  powerSampling: drawing('bald'),
  precomputed: {
    kinds: ['values'],
    options: (reduction) => ({ direction: 'lowest', reduction }),
    refuses: ({ outputs }) => (outputs === 1 ? null : ShapeError),
    scores: (positions) => positions.map(({ raw }) => -(raw[0]?.[0] as number)),
    samples: 1,
  },
  random: {
    kinds: PREDICTION_KINDS,
    options: onlyGiven,
    refuses: noReduction,
    scores: null,
  },
  rankBasedSampling: drawing('certainty'),
  subsample: {
    kinds: CLASSES,
    options: (reduction) => ({ base: { kind: 'entropy', reduction }, size: 5 }),
    refuses: ({ reduction, space }) =>
      reduction === 'none' && space.length > 0 ? ShapeError : null,
    scores: each('entropy'),
  },
  variance: {
    kinds: PREDICTION_KINDS,
    refuses: ({ reduction }) => (reduction === 'none' ? ConfigError : null),
    scores: (positions) => {
      const perPosition = positions.map(naiveScores.variances);
      return (perPosition[0] as number[]).flatMap((_, c) => perPosition.map((v) => v[c] as number));
    },
  },
  voteEntropy: scoring('voteEntropy'),
};

const REDUCE: Readonly<Record<string, (scores: number[]) => number>> = {
  mean,
  sum,
  max: (scores) => Math.max(...scores),
  min: (scores) => Math.min(...scores),
  second,
};
function second(scores: ArrayLike<number>): number {
  return Array.from(scores).sort((a, b) => a - b)[Math.min(1, scores.length - 1)] as number;
}
const nameOf = (reduction: Reduction): string =>
  typeof reduction === 'string' ? reduction : 'second';

const SHAPES: Readonly<Record<string, readonly number[]>> = {
  items: [],
  sequences: [4],
  images: [2, 3],
};
const REDUCTIONS: readonly Reduction[] = [...REDUCTION_NAMES, second];
const N = 5;
const aSigmoid = { kind: 'sigmoidLogits' } as const;

it('has a row for every registered heuristic', () => {
  expect(Object.keys(GRID).sort()).toEqual([...HEURISTIC_NAMES].sort());
});

describe.each(Object.entries(GRID))('%s', (name, row) => {
  const cells = PREDICTION_KINDS.flatMap((kind) =>
    (kind === 'logits' || kind === 'probabilities' ? [3] : [1, 3]).flatMap((outputs) =>
      Object.values(SHAPES).flatMap((space) =>
        REDUCTIONS.map((reduction): Cell => ({ kind, outputs, space, reduction })),
      ),
    ),
  );
  const refusal = (cell: Cell): ErrorType | null => {
    const besides = row.refuses?.(cell) ?? null;
    if (besides === ConfigError) return besides;
    if (row.space === false && cell.space.length > 0) return ShapeError;
    return row.kinds.includes(cell.kind) ? besides : TypeError;
  };
  const K = row.samples ?? 4;
  const predictionsOf = ({ kind, outputs, space }: Cell, items = N): Predictions =>
    samplePredictions(kind, [items, K, outputs, ...space], 'grid');
  const workOf = (cell: Cell): HeuristicOptions => ({
    rng: createRng(name),
    querySize: 2,
    nLabelled: 0,
    features: { data: Float64Array.of(0, 0, 1, 0, 0, 3, 7, 1, 9, 9), shape: [N, 2] },
    targets: predictionsOf({ ...cell, space: [], ...(cell.kind === 'values' && aSigmoid) }, 3),
  });
  const heuristicOf = ({ reduction }: Cell) => getHeuristic(name, (row.options ?? own)(reduction));
  const title = (cell: Cell): string =>
    `${cell.kind} [N, ${K}, ${[cell.outputs, ...cell.space].join(', ')}] by ${nameOf(cell.reduction)}`;

  const refused = cells.filter(refusal);
  const taken = cells.filter((cell) => refusal(cell) === null);
  it('is asked about every combination', () => expect(cells).toHaveLength(8 * 3 * 6));

  if (refused.length > 0) {
    it('refuses what it cannot score, and says what it expects', async () => {
      for (const cell of refused) {
        const type = refusal(cell) as ErrorType;
        const call = () => heuristicOf(cell).getUncertainties(predictionsOf(cell), workOf(cell));
        expect(call, title(cell)).toThrow(type);
        expect(call, title(cell)).toThrow(/expected/);
        const rank = async () => heuristicOf(cell).getRanks([predictionsOf(cell)], workOf(cell));
        await expect(rank, title(cell)).rejects.toThrow(type);
      }
    });
  }

  it('gives the numbers of its definition', async () => {
    for (const cell of taken) {
      const predictions = predictionsOf(cell);
      const { reduction, space } = cell;
      const scores = heuristicOf(cell).getUncertainties(predictions, workOf(cell));
      const R = space.reduce((a, b) => a * b, 1);
      const reduced = reduction !== 'none' || row.scores === null;
      expect(scores.length, title(cell)).toBe(reduced ? N : N * R);
      const naive = expectedOf(cell, predictions);
      if (naive === null) expect(scores.every(Number.isFinite), title(cell)).toBe(true);
      else expect(firstFar(scores, naive, { atol: 1e-11, rtol: 1e-11 }), title(cell)).toBeNull();
    }
  });

  it('ranks by them, or says why it does not', async () => {
    for (const cell of taken) {
      const ranking = heuristicOf(cell).getRanks(predictionsOf(cell), workOf(cell));
      if (cell.space.length > 0 && cell.reduction === 'none' && row.scores !== null) {
        await expect(ranking, title(cell)).rejects.toThrow(ShapeError);
        continue;
      }
      const { ranks, scores } = await ranking;
      expect([...ranks].sort(), title(cell)).toEqual([...Array(N).keys()]);
      const unranked = row.order === 'batch' ? 2 : row.order === 'drawn' ? N : 0;
      const ordered = Array.from(ranks.subarray(unranked), (i) => scores[i] as number);
      expect(ordered, title(cell)).toEqual(ordered.toSorted((a, b) => b - a));
    }
  });

  function expectedOf(cell: Cell, predictions: Predictions): number[] | null {
    if (row.scores === null) return null;
    const targets = positionsOf(workOf(cell).targets as Predictions);
    const reduction = REDUCE[nameOf(cell.reduction)];
    const reduce = (own: number[]): number[] => (reduction ? [reduction(own)] : own);
    return positionsOf(predictions).flatMap((positions) =>
      reduce(row.scores?.(positions, targets, reduce) ?? []),
    );
  }
});
