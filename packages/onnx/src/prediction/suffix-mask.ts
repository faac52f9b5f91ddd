import type { MaskSharing } from '../model.ts';
import { batchExtent, type TracedValue } from '../runtime/trace.ts';

/** A mask that a suffix reads. */
export interface SuffixMask {
  /** Name of the input. */
  readonly name: string;
  /** Number of the Dropout node in the model. */
  readonly node: number;
  /** Dropout rate. */
  readonly ratio: number;
  /** Extents of one item's mask, without batch axis. */
  readonly itemShape: readonly number[];
  /** Place of the batch axis among the axes of the masked value. */
  readonly batchAxis: number;
  /** `joint`: one mask a pass for all items; `marginal`: one for each item. */
  readonly sharing: MaskSharing;
  /** Rows an item on the batch axis; more than 1 only for marginal masks. */
  readonly perItem: number;
}

/** The part of a mask that follows from the value that it drops. */
export type MaskLayout = Pick<SuffixMask, 'itemShape' | 'batchAxis' | 'sharing' | 'perItem'>;

/** How a value of K·B rows is masked. */
export function maskLayout(value: TracedValue, batchSize: number, masks: MaskSharing): MaskLayout {
  const batchAxis = value.batchAxes[0] ?? 0;
  const perItem = (value.shape[batchAxis] as number) / batchSize;
  return {
    itemShape: value.shape.filter((_, axis) => axis !== batchAxis),
    batchAxis,
    // Rows of one item that are several cannot be told apart from rows of several items.
    sharing: perItem === 1 ? masks : 'marginal',
    perItem,
  };
}

/** Extents of the mask tensor for K passes of a number of items. */
export function maskShape(mask: MaskLayout, passes: number, items: number): number[] {
  const { sharing, perItem } = mask;
  if (perItem !== 1) return around(mask, [items * perItem * passes]);
  return around(mask, [sharing === 'joint' ? 1 : items, passes]);
}

/** Extents of the mask as a graph declares them, for any number of items. */
export function declaredMaskShape(mask: MaskLayout, passes: number): (number | string)[] {
  const { sharing, perItem } = mask;
  if (perItem !== 1) return around(mask, [batchExtent(perItem * passes)]);
  return around<number | string>(mask, [sharing === 'joint' ? 1 : batchExtent(), passes]);
}

/** An item's extents with the axes of the rows in the place of the batch axis. */
function around<E extends number | string>(
  { itemShape, batchAxis }: MaskLayout,
  rows: readonly E[],
): (E | number)[] {
  return [...itemShape.slice(0, batchAxis), ...rows, ...itemShape.slice(batchAxis)];
}
