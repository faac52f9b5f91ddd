import { arrayDataset } from '../data/array-dataset.ts';
import type { Dataset } from '../data/dataset.ts';
import type { Example } from '../data/example.ts';
import type { Rng } from '../random/rng.ts';

/** Settings of {@link blobs}. */
export interface BlobsOptions {
  /** Number of items. */
  readonly n: number;
  /** C, the number of classes; default 3. */
  readonly classes?: number;
  /** D, the number of features; default 2. */
  readonly features?: number;
  /** Standard deviation around a centre; the centres are about 2 apart. Default 0.5. */
  readonly spread?: number;
  /** Forked as `centre-<c>` (the same for every n) and `items`. */
  readonly rng: Rng;
  /** Draws other items around the same centres; default `items`. */
  readonly split?: string;
}

/**
 * A dataset for tests: item i is a normal point `[D]` (Float32) around the centre of its class
 * `i mod C`.
 */
export function blobs(options: BlobsOptions): Dataset<Example> {
  const { n, classes = 3, features = 2, spread = 0.5, rng, split = 'items' } = options;
  const centres_C_D = Array.from({ length: classes }, (_, c) => {
    const draw = rng.fork(`centre-${c}`);
    return Float64Array.from({ length: features }, () => 2 * draw.normal());
  });
  const draw = rng.fork(split);
  const items = Array.from({ length: n }, (_, i): Example => {
    const centre_D = centres_C_D[i % classes] as Float64Array;
    const data = Float32Array.from(centre_D, (x) => x + spread * draw.normal());
    return { input: { data, shape: [features] }, target: i % classes };
  });
  return arrayDataset(items);
}
