import { ShapeError } from '../errors.ts';
import { predictionSizes } from './check-predictions.ts';
import type { Predictions } from './predictions.ts';

/**
 * Cuts predictions into consecutive chunks of at most `size` items: views of the same data, nothing
 * is copied. No items, no chunks.
 *
 * @throws RangeError unless `size` is a positive integer.
 * @throws ShapeError if the shape does not hold the data.
 */
export function* asChunks(
  predictions: Predictions,
  size: number,
): Generator<Predictions, void, undefined> {
  if (!Number.isInteger(size) || size < 1) {
    throw new RangeError(`asChunks: expected a positive integer size, got ${size}`);
  }
  const { N, K, C, R } = predictionSizes('asChunks', predictions);
  for (let start = 0; start < N; start += size) {
    const end = Math.min(N, start + size);
    yield {
      ...predictions,
      data: predictions.data.subarray(start * K * C * R, end * K * C * R),
      shape: [end - start, ...predictions.shape.slice(1)],
    };
  }
}

/**
 * Joins chunks along the items. Float32 stays Float32 if all chunks are. The name of the draw stays
 * if all chunks share it; the result is `joint` only if they are joint samples of one named draw.
 *
 * @throws RangeError if there is no chunk: without one there is no shape.
 * @throws ShapeError if chunks differ in kind, or in an axis other than the first.
 */
export function concatPredictions(chunks: readonly Predictions[]): Predictions {
  const [first] = chunks;
  if (first === undefined)
    throw new RangeError('concatPredictions: no predictions, expected at least 1 chunk');
  let length = 0;
  let items = 0;
  for (const [i, chunk] of chunks.entries()) {
    items += predictionSizes(`concatPredictions: chunk ${i}`, chunk).N;
    length += chunk.data.length;
    if (chunk.kind !== first.kind || chunk.shape.slice(1).join() !== first.shape.slice(1).join()) {
      throw new ShapeError(
        `concatPredictions: chunk ${i} is of kind '${chunk.kind}' and shape [${chunk.shape.join(', ')}], expected '${first.kind}' and [n, ${first.shape.slice(1).join(', ')}] like chunk 0`,
      );
    }
  }
  const single = chunks.every((chunk) => chunk.data instanceof Float32Array);
  const data = single ? new Float32Array(length) : new Float64Array(length);
  let at = 0;
  for (const chunk of chunks) {
    data.set(chunk.data, at);
    at += chunk.data.length;
  }
  const sameDraw = chunks.every((chunk) => chunk.draw === first.draw);
  const joint =
    chunks.every((chunk) => chunk.samples === 'joint') &&
    (chunks.length === 1 || (sameDraw && first.draw !== undefined));
  return {
    data,
    shape: [items, ...first.shape.slice(1)],
    kind: first.kind,
    samples: joint ? 'joint' : 'marginal',
    ...(sameDraw && first.draw !== undefined ? { draw: first.draw } : {}),
  };
}

/**
 * Reads a stream of chunks into one container; needs the memory of all of them twice.
 *
 * @throws RangeError, ShapeError as {@link concatPredictions}.
 */
export async function collectPredictions(
  chunks: AsyncIterable<Predictions> | Iterable<Predictions>,
): Promise<Predictions> {
  const all: Predictions[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return concatPredictions(all);
}
