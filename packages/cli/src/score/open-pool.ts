import { ConfigError, ShapeError } from '@baal/core';
import {
  csvRows,
  npzRows,
  type OpenRowsOptions,
  openRows,
  type Precision,
  type RowSource,
} from '@baal/datasets';
import { sizeOf, type ValueInfo } from '@baal/onnx';
import { checkNamedExtents, fittingShape } from './input-shape.ts';
import { type Pool, type PoolPart, poolOf } from './pool.ts';
import { feedsOf, type KnownFeed } from './pool-feeds.ts';
import { checkType, scales, takesFractions } from './prepare-rows.ts';
import type { ScoreOptions } from './score-options.ts';

const isTable = (path: string): boolean => /\.(csv|tsv|txt)$/i.test(path);

/**
 * Opens all that the inputs of a model are fed with; nothing is read but beginnings.
 *
 * @param model path of the model, for messages
 * @param data path of the pool; undefined where `--input` names a file for each input
 * @throws ConfigError or ShapeError if an input is not fed, or with what does not fit it; DataError if a file
 *   is missing or damaged.
 */
export async function openPool(
  model: string,
  data: string | undefined,
  inputs: readonly ValueInfo[],
  options: ScoreOptions,
): Promise<Pool> {
  const archive = data !== undefined && /\.npz$/i.test(data) ? await npzRows(data) : undefined;
  const feeds = feedsOf(model, inputs, {
    given: options.input ?? [],
    arrays: archive === undefined ? undefined : [...archive.keys()],
    hasData: data !== undefined,
    padding: options.padding,
  });
  for (const input of inputs) checkType(input);
  if (options.label !== undefined && options.labels !== undefined) {
    throw new ConfigError('--label: says the classes as --labels does, expected one of the two');
  }
  if (options.shape !== undefined && ![...feeds.values()].some(({ kind }) => kind === 'data')) {
    throw new ConfigError(
      '--shape: is for an input that takes all of DATA, expected one, got columns, files or arrays of their own shapes; leave it out',
    );
  }
  if (data === undefined || !isTable(data)) refuseTableOptions(data, options);
  const users = (kinds: readonly KnownFeed['kind'][]): readonly ValueInfo[] =>
    inputs.filter(({ name }) => kinds.includes((feeds.get(name) as KnownFeed).kind));
  const parts: PoolPart[] = [];
  if (data !== undefined && archive === undefined) {
    parts.push(await dataPart(data, users(['data', 'columns']), feeds, options));
  }
  for (const input of inputs) {
    const feed = feeds.get(input.name) as KnownFeed;
    const precision = precisionOf([input]);
    if (feed.kind === 'array') {
      const source = await archive?.get(feed.array)?.(precision);
      parts.push(whole(`${data}: ${feed.array}`, source as RowSource, input));
    } else if (feed.kind === 'file') {
      if (/\.npz$/i.test(feed.path)) {
        throw new ConfigError(
          `--input: ${feed.path} is an archive, expected a file of one array; give the archive as DATA, and arrays go to the inputs of their names`,
        );
      }
      const inputShape = imageShape(input);
      const shape = inputShape === undefined ? {} : { inputShape };
      parts.push(whole(feed.path, await openRows(feed.path, { precision, ...shape }), input));
    }
  }
  if (parts.length === 0) {
    throw new ConfigError(
      `${model}: no file of rows is left to be scored, expected DATA or --input NAME=FILE`,
    );
  }
  const scaled = users(['data', 'columns', 'array']).filter(takesFractions);
  if (scales(options) && scaled.length === 0) {
    throw new ConfigError(
      '--scale, --mean and --std: expected an input that takes numbers with a fraction from DATA, got none',
    );
  }
  const labels = options.labels === undefined ? undefined : await labelPart(options.labels);
  const shapes = shapesOf(model, inputs, feeds, parts, options);
  checkNamedExtents(model, inputs, shapes);
  const files = {
    ...(data === undefined ? {} : { DATA: data }),
    ...filesOf(feeds),
    ...(options.labels === undefined ? {} : { '--labels': options.labels }),
  };
  return poolOf({ inputs, feeds, parts, labels, shapes, files, scaled, options });
}

function refuseTableOptions(data: string | undefined, options: ScoreOptions): void {
  const { id, label, columns, header, delimiter } = options;
  const found = Object.entries({ id, label, columns, header, delimiter }).find(
    ([, value]) => value !== undefined,
  );
  if (found === undefined) return;
  throw new ConfigError(
    `--${found[0]}: is for tables, expected DATA to end in .csv, .tsv or .txt, got ${data ?? 'none'}`,
  );
}

/** The pool itself: a table of columns for one or several inputs, or any other file for one. */
async function dataPart(
  path: string,
  users: readonly ValueInfo[],
  feeds: ReadonlyMap<string, KnownFeed>,
  options: ScoreOptions,
): Promise<PoolPart> {
  const groups = users.flatMap((input) => {
    const feed = feeds.get(input.name) as KnownFeed;
    return feed.kind === 'columns' ? [{ input, columns: feed.columns }] : [];
  });
  const [first] = users;
  if (groups.length > 0 && (users.length > groups.length || options.columns !== undefined)) {
    throw new ConfigError(
      `--input: some inputs take columns of ${path} by name and others all of them, expected --input NAME=columns:… for each`,
    );
  }
  if (users.length > 1 && groups.length === 0) {
    throw new ConfigError(
      `--input: ${path} is fed to ${users.map(({ name }) => name).join(' and ')}, expected one of them; choose columns with NAME=columns:a-b`,
    );
  }
  if (first === undefined && options.id === undefined && options.label === undefined) {
    throw new ConfigError(
      `${path}: no input is fed from it, expected an --input without a file of its own, or --id or --label to be read from it`,
    );
  }
  if (groups.length > 0 && !isTable(path)) {
    throw new ConfigError(`--input: ${path} is no table, expected .csv, .tsv or .txt for columns`);
  }
  const settings = rowsOptions(first, options, precisionOf(users));
  if (groups.length === 0) {
    const source = await openRows(
      path,
      first === undefined ? { ...settings, columns: [] } : settings,
    );
    return first === undefined ? { path, source, slices: [] } : whole(path, source, first);
  }
  const slices: PoolPart['slices'][number][] = [];
  let offset = 0;
  for (const { input, columns } of groups) {
    const [width = 0] = (await csvRows(path, { ...settings, columns })).inputShape;
    slices.push({ input: input.name, offset, shape: [width] });
    offset += width;
  }
  const columns = groups.flatMap((group) => group.columns);
  return { path, source: await openRows(path, { ...settings, columns }), slices };
}

function whole(path: string, source: RowSource, { name }: ValueInfo): PoolPart {
  return { path, source, slices: [{ input: name, offset: 0, shape: source.inputShape }] };
}

async function labelPart(path: string): Promise<PoolPart> {
  const source = await openRows(path);
  if (sizeOf(source.inputShape) === 1) return { path, source, slices: [] };
  throw new ConfigError(
    `--labels: ${path} has ${sizeOf(source.inputShape)} numbers a row, expected one, a class from 0 on`,
  );
}

/** Float32 holds what Float32 inputs take; all others get numbers as they stand in the file. */
function precisionOf(inputs: readonly ValueInfo[]): Precision {
  return inputs.every(({ type = 'float32' }) => type === 'float32') ? 'single' : 'double';
}

/** Extents of an image, where the model declares them: a folder needs no `--shape` then. */
function imageShape({ shape }: ValueInfo): readonly number[] | undefined {
  const extents = shape?.slice(1).filter((extent) => typeof extent === 'number');
  return shape?.length === 4 && extents?.length === 3 ? extents : undefined;
}

function rowsOptions(
  input: ValueInfo | undefined,
  options: ScoreOptions,
  precision: Precision,
): OpenRowsOptions {
  const { header, delimiter, id, label, columns } = options;
  const shape = options.shape ?? (input === undefined ? undefined : imageShape(input));
  return {
    precision,
    ...(header === undefined ? {} : { header }),
    ...(delimiter === undefined ? {} : { delimiter }),
    ...(id === undefined ? {} : { idColumn: id }),
    ...(label === undefined ? {} : { labelColumn: label }),
    ...(columns === undefined ? {} : { columns }),
    ...(shape === undefined ? {} : { inputShape: shape }),
  };
}

/** Shapes of a row of each input: of what it is fed with; a mask's is that of its ids. */
function shapesOf(
  model: string,
  inputs: readonly ValueInfo[],
  feeds: ReadonlyMap<string, KnownFeed>,
  parts: readonly PoolPart[],
  { shape }: ScoreOptions,
): Readonly<Record<string, readonly number[]>> {
  const given = new Map<string, readonly number[]>();
  for (const { path, slices } of parts) {
    for (const slice of slices) {
      const fromData = (feeds.get(slice.input) as KnownFeed).kind === 'data';
      given.set(slice.input, fromData ? reshaped(path, slice.shape, shape) : slice.shape);
    }
  }
  const first = given.values().next().value as readonly number[];
  return Object.fromEntries(
    inputs.map((input) => {
      const feed = feeds.get(input.name) as KnownFeed;
      const row = given.get(input.name) ?? (feed.kind === 'mask' ? given.get(feed.of) : undefined);
      if (row !== undefined) return [input.name, fittingShape(model, input, row)];
      // A number everywhere: as many as declared, open extents as in the first input that is fed.
      const extents = input.shape?.slice(1).map((d, i) => (typeof d === 'number' ? d : first[i]));
      return [input.name, fittingShape(model, input, (extents as number[] | undefined) ?? first)];
    }),
  );
}

/** Rows of other axes than the file's, not of other values. */
function reshaped(
  path: string,
  row: readonly number[],
  shape: readonly number[] | undefined,
): readonly number[] {
  if (shape === undefined || sizeOf(shape) === sizeOf(row)) return shape ?? row;
  throw new ShapeError(
    `--shape: does not fit ${path}, expected the ${sizeOf(row)} values of [${row.join(', ')}], got [${shape.join(', ')}]`,
  );
}

/** Files of inputs, by what names them on the command line. */
function filesOf(feeds: ReadonlyMap<string, KnownFeed>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    [...feeds].flatMap(([name, feed]) =>
      feed.kind === 'file' ? [[`--input ${name}`, feed.path] as const] : [],
    ),
  );
}
