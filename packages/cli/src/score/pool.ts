import { ConfigError, DataError } from '@baal/core';
import type { RowChunk, RowSource, RowValues } from '@baal/datasets';
import { sizeOf, type ValueInfo } from '@baal/onnx';
import type { KnownFeed } from './pool-feeds.ts';
import { normaliser } from './prepare-rows.ts';
import type { ScoreOptions } from './score-options.ts';

/** A file of rows and which of its values are fed to which inputs. */
export interface PoolPart {
  /** Names it in messages. */
  readonly path: string;
  readonly source: RowSource;
  readonly slices: readonly {
    readonly input: string;
    /** First value of a row that it takes. */
    readonly offset: number;
    readonly shape: readonly number[];
  }[];
}

/** Some rows of a pool. */
export interface PoolChunk {
  /** Number of the first row, from 0. */
  readonly first: number;
  readonly ids: readonly string[];
  /** Class of each row where it is known; absent if nothing says. */
  readonly labels?: readonly (number | null)[];
  /** Rows of this chunk that cannot be scored, and why. */
  readonly broken: ReadonlyMap<number, string>;
  /** `[n, ...shape]` by input, scaled; those of broken rows are finite and mean nothing. */
  readonly values: ReadonlyMap<string, RowValues>;
}

/** The rows that a model is fed with, in the memory of one chunk. */
export interface Pool {
  /** Shape of one row by input. */
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  /** Number of rows, where a file says so at its start. */
  readonly length?: number;
  /** Everything that is read, by what names it on the command line. */
  readonly files: Readonly<Record<string, string>>;
  /**
   * Rows from `start` on, `size` at a time. Passing over those before can take minutes, and is given up once
   * `signal` is aborted.
   * @throws DataError if a file is damaged, or files have different numbers of rows.
   */
  chunks(size: number, start?: number, signal?: AbortSignal): AsyncGenerator<PoolChunk>;
}

/** What a pool is made of. */
export interface PoolPieces {
  readonly inputs: readonly ValueInfo[];
  readonly feeds: ReadonlyMap<string, KnownFeed>;
  /** The first one names the rows. */
  readonly parts: readonly PoolPart[];
  /** One class a row. */
  readonly labels: PoolPart | undefined;
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  readonly files: Readonly<Record<string, string>>;
  /** Inputs whose values are scaled. */
  readonly scaled: readonly ValueInfo[];
  readonly options: ScoreOptions;
}

/** @throws ConfigError if the scaling does not fit; DataError if files have different numbers of rows. */
export function poolOf(pieces: PoolPieces): Pool {
  const { parts, labels, shapes, files, scaled, options } = pieces;
  const all = labels === undefined ? parts : [...parts, labels];
  const known = all.filter(({ source }) => source.length !== undefined);
  const [longest] = known;
  for (const part of known) {
    if (part.source.length !== longest?.source.length) {
      throw differentLengths(longest as PoolPart, longest?.source.length, part, part.source.length);
    }
  }
  const normalisers = scaled.flatMap(({ name }) => {
    const normalise = normaliser(shapes[name] as readonly number[], options);
    return normalise === undefined ? [] : [{ name, normalise }];
  });
  return {
    shapes,
    files,
    ...(longest === undefined ? {} : { length: longest.source.length as number }),
    async *chunks(size, start = 0, signal) {
      for await (const chunks of inStep(all, size, start, signal)) {
        const chunk = assemble(pieces, chunks);
        for (const { name, normalise } of normalisers) {
          const values = chunk.values.get(name) as RowValues;
          const perRow = values.length / chunk.ids.length;
          for (let at = 0; at < values.length; at += perRow) {
            normalise(values.subarray(at, at + perRow));
          }
        }
        yield chunk;
      }
    },
  };
}

/** The chunks of all files, side by side. */
async function* inStep(
  parts: readonly PoolPart[],
  size: number,
  start: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<readonly RowChunk[]> {
  const readers = parts.map(({ source }) => source.chunks(size, start)[Symbol.asyncIterator]());
  let rows = start;
  try {
    for (;;) {
      const results = await unlessAborted(
        Promise.all(readers.map((reader) => reader.next())),
        signal,
      );
      const chunks = results.map(({ done, value }) => (done === true ? undefined : value));
      const counts = chunks.map((chunk) => chunk?.ids.length ?? 0);
      const other = counts.findIndex((count) => count !== counts[0]);
      if (other !== -1) {
        const [first, part] = [parts[0] as PoolPart, parts[other] as PoolPart];
        throw differentLengths(
          first,
          rows + (counts[0] as number),
          part,
          rows + (counts[other] as number),
        );
      }
      if (counts[0] === 0) return;
      yield chunks as RowChunk[];
      rows += counts[0] as number;
    }
  } finally {
    const closed = Promise.all(readers.map((reader) => reader.return?.()));
    // A reader that is passing over rows closes once it is through: nobody waits for that.
    if (signal?.aborted === true) closed.catch(() => undefined);
    else await closed;
  }
}

/** Work that is not waited for any longer once a signal is aborted. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  let stop = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
  });
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function differentLengths(
  first: PoolPart,
  rows: number | undefined,
  part: PoolPart,
  got: number | undefined,
): DataError {
  // Where one file ended inside a chunk, the other one may go on.
  return new DataError(
    `${part.path}: not as many rows as ${first.path}, expected ${rows}, got ${got}${(got ?? 0) > (rows ?? 0) ? ' or more' : ''}`,
  );
}

function assemble(
  { inputs, feeds, parts, labels, shapes }: PoolPieces,
  chunks: readonly RowChunk[],
): PoolChunk {
  const [{ first, ids, labels: own }] = chunks as [RowChunk, ...RowChunk[]];
  const n = ids.length;
  const values = new Map<string, RowValues>();
  const broken = new Map<number, string>();
  for (const [i, { path, slices }] of parts.entries()) {
    const { inputs: rows, broken: bad } = chunks[i] as RowChunk;
    for (const [row, reason] of bad) {
      if (!broken.has(row)) broken.set(row, parts.length === 1 ? reason : `${path}: ${reason}`);
    }
    for (const { input, offset, shape } of slices) {
      values.set(input, sliceOf(rows, n, offset, sizeOf(shape)));
    }
  }
  for (const { name } of inputs) {
    const feed = feeds.get(name) as KnownFeed;
    if (feed.kind === 'constant') {
      values.set(name, new Float64Array(n * sizeOf(shapes[name] as number[])).fill(feed.value));
    } else if (feed.kind === 'mask') {
      const ids = values.get(feed.of) as RowValues;
      values.set(
        name,
        Float64Array.from(ids, (id) => (id === feed.padding ? 0 : 1)),
      );
    }
  }
  for (const all of values.values()) {
    const perRow = all.length / n;
    for (const row of broken.keys()) all.fill(0, row * perRow, (row + 1) * perRow);
  }
  const known = labels === undefined ? own : classesOf(labels.path, chunks.at(-1) as RowChunk);
  return { first, ids, broken, values, ...(known === undefined ? {} : { labels: known }) };
}

/** Some values of each row; the rows themselves where these are all. */
function sliceOf(rows: RowValues, n: number, offset: number, width: number): RowValues {
  const perRow = rows.length / n;
  if (perRow === width) return rows;
  const taken =
    rows instanceof Float32Array ? new Float32Array(n * width) : new Float64Array(n * width);
  for (let row = 0; row < n; row++) {
    const from = row * perRow + offset;
    taken.set(rows.subarray(from, from + width), row * width);
  }
  return taken;
}

/** Classes from a file of numbers; none where a number is missing. */
function classesOf(path: string, { first, inputs, broken }: RowChunk): readonly (number | null)[] {
  return Array.from(inputs, (label, i) => {
    if (broken.has(i)) return null;
    if (Number.isInteger(label) && label >= 0) return label;
    throw new ConfigError(
      `--labels: row ${first + i} of ${path} is ${label}, expected a class as a whole number from 0 on`,
    );
  });
}
