import type { Rng } from '@baal/core';
import type { Tensor } from 'onnxruntime-common';
import { fillMask, itemMaskKey, maskKey } from '../bayesian/masks.ts';
import { sizeOf } from '../graph/tensor-data.ts';
import type { OnnxRuntime } from '../runtime/onnx-runtime.ts';
import { toTensor } from '../runtime/tensors.ts';
import { maskedWeights } from './masked-weights.ts';
import type { Suffix } from './suffix.ts';
import { maskShape, type SuffixMask } from './suffix-mask.ts';

/** One draw of the posterior: the masks of all passes, the same for a whole pool. */
export interface PosteriorDraw {
  /** Identity of the draw: the key of the stream that it came from. */
  readonly name: string;
  /** Feeds of a group of passes for a range of items, by input name; valid until the next call. */
  feeds(group: number, firstItem: number, items: number): Record<string, Tensor>;
}

/** How the passes of a draw are grouped, and how much of it is kept. */
export interface DrawSettings {
  /** Passes of a group: of one run. */
  readonly passesPerRun: number;
  /**
   * Groups whose masks and masked weights stay, from the first one on. Of the others only the last one that
   * was asked for is kept; asked for again, they are made again and are the same.
   */
  readonly keptGroups: number;
}

/**
 * The masks of a suffix for a stream. A mask is a function of the stream's key, the Dropout node, the
 * pass and (marginal masks) the item's position in the dataset: not of how the dataset is cut into
 * chunks, nor of how passes are grouped into runs.
 */
export function drawMasks(
  runtime: OnnxRuntime,
  suffix: Suffix,
  rng: Rng,
  { passesPerRun, keptGroups }: DrawSettings,
): PosteriorDraw {
  const kept = new Map<number, Record<string, Tensor>>();
  const shared = (group: number): Record<string, Tensor> => {
    const known = kept.get(group);
    if (known !== undefined) return known;
    // Let go of the last one before the next is made: they may be as large as the budget.
    for (const other of kept.keys()) if (other >= keptGroups) kept.delete(other);
    const made = sharedFeeds(runtime, suffix, rng, group * passesPerRun, passesPerRun);
    kept.set(group, made);
    return made;
  };
  const marginal = suffix.masks.filter((mask) => mask.sharing === 'marginal');
  // The masks of a chunk are written over those of the one before: by then the run that read them is over.
  const buffers = new Map<string, Float32Array>();
  const scratch = (name: string, size: number): Float32Array => {
    const kept = buffers.get(name);
    if (kept !== undefined && kept.length >= size) return kept.subarray(0, size);
    const made = new Float32Array(size);
    buffers.set(name, made);
    return made;
  };
  return {
    name: rng
      .state()
      .key.map((word) => word.toString(16).padStart(8, '0'))
      .join(''),
    feeds(group, firstItem, items) {
      const feeds = { ...shared(group) };
      for (const mask of marginal) {
        feeds[mask.name] = marginalMask(
          runtime,
          mask,
          rng,
          group * passesPerRun,
          passesPerRun,
          firstItem,
          items,
          (size) => scratch(mask.name, size),
        );
      }
      return feeds;
    },
  };
}

/** Most bytes of what {@link drawMasks} makes of one group for all items. */
export function sharedBytes({ masks, folded }: Suffix, passes: number): number {
  let values = 0;
  for (const { sharing, itemShape } of masks) if (sharing === 'joint') values += sizeOf(itemShape);
  for (const { weight } of folded) values += sizeOf(weight.shape);
  return 4 * passes * values;
}

/** What all items share of consecutive passes. */
function sharedFeeds(
  runtime: OnnxRuntime,
  suffix: Suffix,
  rng: Rng,
  firstPass: number,
  passes: number,
): Record<string, Tensor> {
  const feeds: Record<string, Tensor> = {};
  for (const mask of suffix.masks) {
    if (mask.sharing === 'joint')
      feeds[mask.name] = jointMask(runtime, mask, rng, firstPass, passes);
  }
  for (const fold of suffix.folded)
    Object.assign(feeds, maskedWeights(runtime, fold, rng, firstPass, passes));
  return feeds;
}

/** Masks of consecutive passes, `[K, ...item]` in memory; the axes before the batch axis go outermost. */
function jointMask(
  runtime: OnnxRuntime,
  mask: SuffixMask,
  rng: Rng,
  firstPass: number,
  passes: number,
): Tensor {
  const size = sizeOf(mask.itemShape);
  const outer = sizeOf(mask.itemShape.slice(0, mask.batchAxis));
  const inner = size / outer;
  const values = new Float32Array(passes * size);
  const one = outer === 1 ? undefined : new Float32Array(size);
  for (let p = 0; p < passes; p++) {
    const key = maskKey(rng, mask.node, firstPass + p);
    if (one === undefined) fillMask(values, p * size, size, mask.ratio, key);
    else {
      fillMask(one, 0, size, mask.ratio, key);
      for (let o = 0; o < outer; o++) {
        values.set(one.subarray(o * inner, (o + 1) * inner), (o * passes + p) * inner);
      }
    }
  }
  return toTensor(runtime, 'float32', values, maskShape(mask, passes, 1));
}

/** Masks of items and passes. A mask of several rows an item has one stretch of them for each pass. */
function marginalMask(
  runtime: OnnxRuntime,
  mask: SuffixMask,
  rng: Rng,
  firstPass: number,
  passes: number,
  firstItem: number,
  items: number,
  scratch: (size: number) => Float32Array,
): Tensor {
  const outer = sizeOf(mask.itemShape.slice(0, mask.batchAxis));
  const size = sizeOf(mask.itemShape) * mask.perItem;
  const inner = size / outer;
  const values = scratch(items * passes * size);
  const one = outer === 1 ? undefined : new Float32Array(size);
  const passKeys = Array.from({ length: passes }, (_, p) => maskKey(rng, mask.node, firstPass + p));
  for (let i = 0; i < items; i++) {
    for (const [p, passKey] of passKeys.entries()) {
      const key = itemMaskKey(passKey, firstItem + i);
      const row = i * passes + p;
      if (one === undefined) fillMask(values, row * size, size, mask.ratio, key);
      else {
        fillMask(one, 0, size, mask.ratio, key);
        for (let o = 0; o < outer; o++) {
          values.set(one.subarray(o * inner, (o + 1) * inner), (o * items * passes + row) * inner);
        }
      }
    }
  }
  return toTensor(runtime, 'float32', values, maskShape(mask, passes, items));
}
