/** Stable name of an example: what files, journals and people keep. */
export type ExampleId = string & { readonly __brand: 'ExampleId' };

/** Position in the pool of one round; refused once the labelled set has changed. */
export type PoolIndex = number & { readonly __brand: 'PoolIndex' };

/** A map-style dataset: `length` items, each reached by position. Items are only ever appended. */
export interface Dataset<T> {
  /** Number of items. */
  readonly length: number;
  /** The item at a position, 0 <= index < length. May be asynchronous (files, databases). */
  get(index: number): T | Promise<T>;
  /** Stable id of the item at a position; the position in decimal if this is not given. */
  id?(index: number): ExampleId;
  /** A view of the same data with some settings changed, e.g. without augmentation. */
  with?(overrides: Readonly<Record<string, unknown>>): Dataset<T>;
  /** Stores a label for the item at a position of the whole dataset; its presence means that labels come from outside. */
  label?(index: number, value: unknown): void;
  /** Whether the label of the item at a position is known already; for datasets with `label`, where some labels may be held and others not. */
  hasLabel?(index: number): boolean;
}
