import { type ByteStore, murmur3 } from '@baal/core';
import type { InferenceSession } from 'onnxruntime-common';
import { sizeOf, type TensorData } from '../graph/tensor-data.ts';
import { writeOnnx } from '../graph/write-onnx.ts';
import type { OnnxRuntime } from '../runtime/onnx-runtime.ts';
import { openSession } from '../runtime/session.ts';
import { constantTensor } from '../runtime/tensors.ts';
import { makeArray } from './batch.ts';
import { bytesPerItem, type FrozenPrefix } from './frozen-prefix.ts';

/** Where the results of a frozen part are kept. */
export interface PrefixCacheSettings {
  /** Bytes that results may take in memory. */
  readonly memoryBudgetBytes: number;
  /** Takes the results that do not fit in memory, e.g. `folderStore`; without it they are computed again. */
  readonly store?: ByteStore;
}

/** What a prefix cache did. */
export interface PrefixCacheFigures {
  /** Names of the values that are kept. */
  readonly boundary: readonly string[];
  /** Bytes that an item takes. */
  readonly bytesPerItem: number;
  /** Items in memory. */
  readonly items: number;
  /** Rows of batches that were found in memory. */
  readonly hits: number;
  /** Rows of batches that were found in the store. */
  readonly stored: number;
  /** Rows of batches that were computed. */
  readonly computed: number;
  /** True if an item of the last training was not the same in two epochs: nothing more was kept then. */
  readonly changing: boolean;
}

/**
 * What a frozen part of a network makes of items, computed once an item. An item is known by its content,
 * 128 bits of hash over its inputs: an item that an augmentation has changed is another item and is never
 * mixed up with the old one. Once an item is seen to change from one epoch to the next, nothing more is kept
 * until the next training, since it would never be read. Entries stay until the cache is disposed of: of a
 * dataset that does not fit, the first ones are kept.
 *
 * In the store, keys begin with a hash of the frozen graph with its weights: one store can serve many
 * models. Values of a cache agree with those computed anew to rounding, because batches differ.
 */
export class PrefixCache {
  readonly #runtime: OnnxRuntime;
  readonly #prefix: FrozenPrefix;
  readonly #settings: PrefixCacheSettings;
  readonly #threads: number;
  readonly #bytes: number;
  readonly #kept = new Map<string, Uint8Array>();
  /** Keys of the items of the running training by position. */
  readonly #seen = new Map<number, string>();
  #session: Promise<InferenceSession> | undefined;
  #fingerprint: string | undefined;
  #hits = 0;
  #stored = 0;
  #computed = 0;
  #changing = false;

  constructor(
    runtime: OnnxRuntime,
    prefix: FrozenPrefix,
    settings: PrefixCacheSettings,
    threads: number,
  ) {
    this.#runtime = runtime;
    this.#prefix = prefix;
    this.#settings = settings;
    this.#threads = threads;
    this.#bytes = bytesPerItem(prefix.boundary);
  }

  /** What happened so far. */
  get figures(): PrefixCacheFigures {
    return {
      boundary: this.#prefix.boundary.map(({ name }) => name),
      bytesPerItem: this.#bytes,
      items: this.#kept.size,
      hits: this.#hits,
      stored: this.#stored,
      computed: this.#computed,
      changing: this.#changing,
    };
  }

  /** Says that a training of a dataset begins: positions mean its items from now on. */
  begin(): void {
    this.#seen.clear();
    this.#changing = false;
  }

  /**
   * The boundary values of a batch, each `[size, …]`.
   *
   * @param inputs the model's inputs, stacked
   * @param positions of the items in the dataset, if they are from one
   */
  async rows(
    inputs: Readonly<Record<string, TensorData>>,
    size: number,
    positions?: ArrayLike<number>,
  ): Promise<Record<string, TensorData>> {
    const keys = Array.from({ length: size }, (_, i) => this.#keyOf(inputs, size, i));
    if (positions !== undefined) this.#watch(keys, positions);
    const found = new Map<string, Uint8Array>();
    const missing = new Map<string, number>();
    for (const [i, key] of keys.entries()) {
      const row = this.#kept.get(key) ?? found.get(key) ?? (await this.#fromStore(key));
      if (row === undefined) {
        if (!missing.has(key)) missing.set(key, i);
        this.#computed++;
      } else {
        if (this.#kept.has(key)) this.#hits++;
        else this.#stored++;
        found.set(key, row);
      }
    }
    for (const [key, row] of await this.#compute(inputs, size, missing)) {
      found.set(key, row);
      if (!this.#changing) await this.#keep(key, row);
    }
    return this.#stacked(keys.map((key) => found.get(key) as Uint8Array));
  }

  /** Frees the session and forgets all values; those in the store stay. */
  async dispose(): Promise<void> {
    this.#kept.clear();
    const session = await this.#session;
    this.#session = undefined;
    await session?.release();
  }

  #keyOf(inputs: Readonly<Record<string, TensorData>>, size: number, i: number): string {
    return this.#prefix.graph.inputs
      .map(({ name }) => hex(murmur3(rowBytes(inputs[name] as TensorData, size, i))))
      .join('-');
  }

  #watch(keys: readonly string[], positions: ArrayLike<number>): void {
    keys.forEach((key, i) => {
      const position = positions[i] as number;
      const before = this.#seen.get(position);
      if (before === undefined) this.#seen.set(position, key);
      else if (before !== key) this.#changing = true;
    });
  }

  async #fromStore(key: string): Promise<Uint8Array | undefined> {
    const bytes = await this.#settings.store?.get(this.#storeKey(key));
    // An entry of another size is one that was not written to its end.
    return bytes?.length === this.#bytes ? bytes : undefined;
  }

  async #keep(key: string, row: Uint8Array): Promise<void> {
    const { memoryBudgetBytes, store } = this.#settings;
    if ((this.#kept.size + 1) * this.#bytes <= memoryBudgetBytes) this.#kept.set(key, row);
    else await store?.set(this.#storeKey(key), row);
  }

  #storeKey(key: string): string {
    this.#fingerprint ??= hex(murmur3(writeOnnx(this.#prefix.graph)));
    return `${this.#fingerprint}-${key}`;
  }

  /** Runs the frozen part on the rows that are not known. */
  async #compute(
    inputs: Readonly<Record<string, TensorData>>,
    size: number,
    missing: ReadonlyMap<string, number>,
  ): Promise<Map<string, Uint8Array>> {
    const computed = new Map<string, Uint8Array>();
    if (missing.size === 0) return computed;
    this.#session ??= openSession(this.#runtime, this.#prefix.graph, { threads: this.#threads });
    const session = await this.#session;
    const feeds = this.#prefix.graph.inputs.map(({ name }) => {
      const { type, shape, data } = inputs[name] as TensorData;
      const rows = makeArray(type, (data.length / size) * missing.size);
      const target = bytesOf(rows);
      const step = target.length / missing.size;
      [...missing.values()].forEach((i, j) => {
        target.set(rowBytes(inputs[name] as TensorData, size, i), j * step);
      });
      const tensor = { type, shape: [missing.size, ...shape.slice(1)], data: rows };
      return [name, constantTensor(this.#runtime, tensor)] as const;
    });
    const results = await session.run(Object.fromEntries(feeds));
    [...missing.keys()].forEach((key, j) => {
      const row = new Uint8Array(this.#bytes);
      let offset = 0;
      for (const { name } of this.#prefix.boundary) {
        const part = bytesOf(results[name]?.data as Float32Array);
        const step = part.length / missing.size;
        row.set(part.subarray(j * step, (j + 1) * step), offset);
        offset += step;
      }
      computed.set(key, row);
    });
    return computed;
  }

  #stacked(rows: readonly Uint8Array[]): Record<string, TensorData> {
    const batch: Record<string, TensorData> = {};
    let offset = 0;
    for (const { name, type, shape } of this.#prefix.boundary) {
      const data = makeArray(type, rows.length * sizeOf(shape));
      const bytes = bytesOf(data);
      const step = bytes.length / rows.length;
      rows.forEach((row, i) => {
        bytes.set(row.subarray(offset, offset + step), i * step);
      });
      batch[name] = { type, shape: [rows.length, ...shape], data };
      offset += step;
    }
    return batch;
  }
}

function hex(words: readonly number[]): string {
  return words.map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
}

function bytesOf({ buffer, byteOffset, byteLength }: TensorData['data']): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function rowBytes({ data }: TensorData, size: number, i: number): Uint8Array {
  const step = data.byteLength / size;
  return new Uint8Array(data.buffer, data.byteOffset + i * step, step);
}
