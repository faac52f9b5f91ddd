import { NumericalError, ShapeError } from '../errors.ts';
import type { Features } from '../heuristics/diversity/features.ts';
import type { Heuristic, HeuristicOptions } from '../heuristics/heuristic.ts';
import type { Predictions } from '../predictions/predictions.ts';
import { equal, fails, same, truth } from './assertions.ts';
import { sampleFeatures } from './sample-predictions.ts';

/** The tests of {@link heuristicConformance} for heuristics over features. */
export function featureTests(
  heuristic: Heuristic,
  predictions: Predictions,
  options: HeuristicOptions,
  it: (name: string, body: () => void | Promise<void>) => void,
): void {
  const N = predictions.shape[0] as number;
  const all = Array.from({ length: N }, (_, i) => i).join();
  const ranks = async (changes: HeuristicOptions = {}): Promise<Uint32Array> =>
    (await heuristic.getRanks(predictions, { ...options, ...changes })).ranks;

  it('refuses to go without features, or with those of other items', async () => {
    const { features: _, ...rest } = options;
    await fails(() => heuristic.getUncertainties(predictions, rest), /features/, 'none', TypeError);
    await fails(() => heuristic.getRanks(predictions, rest), /features/, 'none', TypeError);
    for (const features of [sampleFeatures(N - 1), { data: new Float32Array(N), shape: [N] }]) {
      await fails(() => ranks({ features }), /expected/, 'features of other items', ShapeError);
    }
  });

  it('refuses features that are no numbers, with the number of the item', async () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const features = sampleFeatures(N);
      features.data[4 * 4 + 1] = value;
      await fails(() => ranks({ features }), /item 4\b/, `features with ${value}`, NumericalError);
    }
  });

  it('picks no item twice, though all are alike, and as many as there are at most', async () => {
    const alike = (n: number): Features => ({
      data: new Float64Array(4 * n).fill(2),
      shape: [n, 4],
    });
    const changes = heuristic.needsLabelled ? { labelled: alike(2) } : {};
    for (const features of [alike(N), sampleFeatures(N)]) {
      const { batch } = await heuristic.getRanks(predictions, {
        ...options,
        ...changes,
        features,
        querySize: 2 * N,
      });
      equal(batch?.picks.toSorted().join() ?? '', all, 'the picks, sorted');
      truth(batch?.gains.every(Number.isFinite) === true, 'gains are finite');
    }
  });

  it('leaves the features as they are', async () => {
    const features = Object.freeze(sampleFeatures(N));
    const before = features.data.slice();
    await ranks({ features });
    same(features.data, before, 'the features after and before');
  });

  it('needs to know how many are to be chosen', async () => {
    const { querySize: _, ...rest } = options;
    await fails(() => heuristic.getRanks(predictions, rest), /querySize/, 'no size', TypeError);
  });

  if (heuristic.needsLabelled !== true) return;
  it('goes without labelled items, and takes no others than of its own kind', async () => {
    const { labelled: _, ...rest } = options;
    const alone = await heuristic.getRanks(predictions, rest);
    equal(alone.ranks.toSorted().join(), all, 'the ranks, sorted');
    const labelled = { data: Float64Array.of(1, 2), shape: [1, 2] };
    await fails(() => ranks({ labelled }), /labelled/, 'two features', ShapeError);
  });
}
