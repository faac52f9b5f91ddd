import { ConfigError } from '@baal/core';
import type { ValueInfo } from '@baal/onnx';
import type { Feed, InputFeed } from './input-feed.ts';

/** What an input is fed with once all are known: as given, an array of the pool's archive, or a mask. */
export type KnownFeed =
  | Feed
  | { readonly kind: 'array'; readonly array: string }
  | { readonly kind: 'mask'; readonly of: string; readonly padding: number };

/** Options of {@link feedsOf}. */
export interface FeedOptions {
  readonly given: readonly InputFeed[];
  /** Names of the arrays of the pool, if it is an archive. */
  readonly arrays: readonly string[] | undefined;
  /** Whether there is a pool that one input can be fed with. */
  readonly hasData: boolean;
  readonly padding: number | undefined;
}

/**
 * What each input of a model is fed with: what is said; the array of its name in an archive; a mask, if
 * padding is known; and the pool itself for the one that is left.
 *
 * @throws ConfigError naming what an input lacks, or what is fed to none.
 */
export function feedsOf(
  model: string,
  inputs: readonly ValueInfo[],
  { given, arrays, hasData, padding }: FeedOptions,
): ReadonlyMap<string, KnownFeed> {
  const feeds = new Map<string, KnownFeed>();
  for (const { name, feed } of given) {
    if (!inputs.some((input) => input.name === name)) {
      throw new ConfigError(
        `--input: ${model} has no '${name}', expected one of ${inputs.map((input) => input.name).join(', ')}`,
      );
    }
    feeds.set(name, feed.kind === 'data' && arrays !== undefined ? arrayOf(name, arrays) : feed);
  }
  const open = (): readonly ValueInfo[] => inputs.filter(({ name }) => !feeds.has(name));
  for (const { name } of open()) {
    if (arrays?.includes(name)) feeds.set(name, { kind: 'array', array: name });
  }
  if (padding !== undefined) addMasks(feeds, inputs, open(), padding);
  const [last, ...others] = open();
  const usesData = [...feeds.values()].some(({ kind }) => kind === 'data' || kind === 'columns');
  const usesArrays = [...feeds.values()].some(({ kind }) => kind === 'array');
  if (last !== undefined && others.length === 0 && hasData) {
    if (arrays === undefined && !usesData) feeds.set(last.name, { kind: 'data' });
    if (arrays?.length === 1 && !usesArrays) feeds.set(last.name, arrayOf(last.name, arrays));
  }
  if (open().length > 0) throw notFed(model, inputs, open(), arrays);
  return feeds;
}

/** The array of an archive for an input: the one of its name, or the only one. */
function arrayOf(input: string, arrays: readonly string[]): KnownFeed {
  const [only, ...others] = arrays;
  if (arrays.includes(input)) return { kind: 'array', array: input };
  if (only !== undefined && others.length === 0) return { kind: 'array', array: only };
  throw new ConfigError(
    `--input: no array '${input}' in the archive, expected one with the name of the input, got ${arrays.join(', ')}`,
  );
}

/** Masks tell tokens from padding: inputs called so, of the ids that are fed. */
function addMasks(
  feeds: Map<string, KnownFeed>,
  inputs: readonly ValueInfo[],
  open: readonly ValueInfo[],
  padding: number,
): void {
  const masks = open.filter(({ name }) => /mask$/i.test(name));
  const rest = inputs.filter(({ name }) => !masks.some((mask) => mask.name === name));
  const ids =
    rest.find(({ name }) => name === 'input_ids') ?? (rest.length === 1 ? rest[0] : undefined);
  if (masks.length === 0 || ids === undefined) {
    const what =
      masks.length === 0
        ? 'no input whose name ends in mask is left to be made'
        : "no input is called 'input_ids', and several could be the ids";
    throw new ConfigError(
      `--padding: ${what}, expected a mask to be 1 where the ids are not ${padding}, got the inputs ${inputs.map(({ name }) => name).join(', ')}`,
    );
  }
  for (const { name } of masks) feeds.set(name, { kind: 'mask', of: ids.name, padding });
}

function notFed(
  model: string,
  inputs: readonly ValueInfo[],
  open: readonly ValueInfo[],
  arrays: readonly string[] | undefined,
): ConfigError {
  const all = inputs.map(describe).join(', ');
  const got = arrays === undefined ? '' : `, got an archive of ${arrays.join(', ')}`;
  return new ConfigError(
    `${model}: the inputs it needs are ${all}, expected rows for each of them, got none for ${open.map(({ name }) => name).join(', ')}${got}; ` +
      'feed them with DATA or --input NAME=FILE, NAME=columns:a-b or NAME=NUMBER, several with a .npz of their names too' +
      `${open.some(({ name }) => /mask$/i.test(name)) ? ', a mask with --padding too' : ''}`,
  );
}

/** Name, type and extents of an input as they are declared. */
function describe({ name, type, shape }: ValueInfo): string {
  const extents =
    shape === undefined ? '' : ` [${shape.map((extent) => extent ?? '?').join(', ')}]`;
  return `${name} (${type ?? 'any type'}${extents})`;
}
