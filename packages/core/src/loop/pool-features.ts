import type { Dataset } from '../data/dataset.ts';
import { ConfigError, ShapeError } from '../errors.ts';
import type { Features } from '../heuristics/diversity/features.ts';
import type { HeuristicNeeds } from '../heuristics/heuristic.ts';

/** Features at once, or chunk by chunk in dataset order, `[n, D]`. */
export type FeatureSource = Features | AsyncIterable<Features> | Iterable<Features>;

/**
 * @param source what makes features, if anything does
 * @throws ConfigError if a heuristic needs features and there is nothing to make them.
 */
export function checkFeatureSource(
  where: string,
  heuristic: HeuristicNeeds & { readonly name: string },
  source: unknown,
  remedy: string,
): void {
  if (heuristic.needsFeatures === true && source === undefined) {
    throw new ConfigError(
      `${where}: no features, expected ${remedy}: '${heuristic.name}' looks at what the model makes of an item before its last layer`,
    );
  }
}

/**
 * The features of all items of a dataset, `[N, D]`. Float32 stays Float32 if all chunks are. O(N D)
 * memory, twice while chunks are joined.
 *
 * @throws ShapeError unless there is one row for each item, of the same length.
 */
export async function collectFeatures(
  where: string,
  items: Dataset<unknown>,
  source: FeatureSource,
): Promise<Features> {
  const chunks: Features[] = [];
  if ('shape' in source) chunks.push(source);
  else for await (const chunk of source) chunks.push(chunk);
  const D = chunks[0]?.shape[1] ?? 1;
  let rows = 0;
  for (const { data, shape } of chunks) {
    const [n = 0, width] = shape;
    if (shape.length !== 2 || width !== D || n * D !== data.length) {
      throw new ShapeError(
        `${where}: features have shape [${shape.join(', ')}] and ${data.length} values, expected [n, ${D}] in every chunk`,
      );
    }
    rows += n;
  }
  if (rows !== items.length) {
    throw new ShapeError(
      `${where}: there are features of ${rows} items, expected ${items.length}, one row for each`,
    );
  }
  const [only] = chunks;
  if (chunks.length === 1 && only !== undefined) return only;
  const single = chunks.every(({ data }) => data instanceof Float32Array);
  const data = single ? new Float32Array(rows * D) : new Float64Array(rows * D);
  let at = 0;
  for (const chunk of chunks) {
    data.set(chunk.data, at);
    at += chunk.data.length;
  }
  return { data, shape: [rows, D] };
}
