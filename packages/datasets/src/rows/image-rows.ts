import { readdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { ConfigError, DataError } from '@baal/core';
import type { RowChunk, RowSource } from './row-source.ts';

/** Endings of the files that are taken for images. */
const endings = ['.png', '.jpg', '.jpeg', '.webp', '.gif', '.avif', '.tif', '.tiff'];

/** What of sharp is used here. */
interface Image {
  resize(options: { width: number; height: number; fit: 'fill' }): Image;
  removeAlpha(): Image;
  toColourspace(space: 'srgb' | 'b-w'): Image;
  raw(): Image;
  toBuffer(options: { resolveWithObject: true }): Promise<{
    readonly data: Uint8Array;
    readonly info: { readonly width: number; readonly height: number; readonly channels: number };
  }>;
}
type Sharp = (path: string) => Image;

/**
 * The images in a folder and its subfolders, in the order of their paths, resized to one shape: values
 * 0 … 255, `[C, H, W]` or `[H, W, C]` with one (grey) or three channels (RGB). Ids are the paths inside the
 * folder. A file that is no image is a broken row. Needs the package `sharp`.
 *
 * Memory of one chunk; decoding costs a few ms an image.
 *
 * @throws ConfigError if the shape is none of an image, or `sharp` is not installed.
 * @throws DataError if the folder cannot be read or holds no images.
 */
export async function imageRows(folder: string, shape: readonly number[]): Promise<RowSource> {
  const layout = layoutOf(shape);
  const files = await imageFiles(folder);
  const sharp = await loadSharp();
  return {
    inputShape: shape,
    length: files.length,
    async *chunks(size, start = 0) {
      for (let first = start; first < files.length; first += size) {
        yield await readImages(files.slice(first, first + size), first, { folder, layout, sharp });
      }
    },
  };
}

interface ImageLayout {
  readonly channels: 1 | 3;
  readonly height: number;
  readonly width: number;
  /** Whether the channel axis comes first. */
  readonly channelsFirst: boolean;
}

function layoutOf(shape: readonly number[]): ImageLayout {
  const [a = 0, b = 0, c = 0] = shape;
  const isChannels = (extent: number): extent is 1 | 3 => extent === 1 || extent === 3;
  if (shape.length === 3 && [a, b, c].every((extent) => Number.isInteger(extent) && extent > 0)) {
    if (isChannels(a)) return { channels: a, height: b, width: c, channelsFirst: true };
    if (isChannels(c)) return { channels: c, height: a, width: b, channelsFirst: false };
  }
  throw new ConfigError(
    `imageRows: [${shape.join(', ')}] is not the shape of an image, expected [C, H, W] or [H, W, C] with C 1 or 3`,
  );
}

/**
 * Paths of the images in a folder and its subfolders, in the order of the rows of {@link imageRows}.
 *
 * @throws DataError if the folder cannot be read or holds no images.
 */
export async function imageFiles(folder: string): Promise<readonly string[]> {
  let names: string[];
  try {
    names = await readdir(folder, { recursive: true });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new DataError(`${folder}: cannot read the folder (${code}), expected images`, { cause });
  }
  const files = names.filter((name) => endings.some((end) => name.toLowerCase().endsWith(end)));
  if (files.length === 0) {
    throw new DataError(`${folder}: no images, expected files ending in ${endings.join(', ')}`);
  }
  return files.sort((a, b) => (a < b ? -1 : 1)).map((name) => join(folder, name));
}

async function loadSharp(): Promise<Sharp> {
  try {
    // A variable keeps the type checker from asking for a package that is optional.
    const name = 'sharp';
    return ((await import(name)) as { readonly default: Sharp }).default;
  } catch (cause) {
    throw new ConfigError(
      "imageRows: images cannot be decoded, expected the npm package 'sharp', got none; run: npm install sharp@0.35.5",
      { cause },
    );
  }
}

async function readImages(
  files: readonly string[],
  first: number,
  { folder, layout, sharp }: { folder: string; layout: ImageLayout; sharp: Sharp },
): Promise<RowChunk> {
  const { channels, height, width } = layout;
  const perRow = channels * height * width;
  const inputs = new Float32Array(files.length * perRow);
  const broken = new Map<number, string>();
  for (const [i, file] of files.entries()) {
    try {
      const { data, info } = await sharp(file)
        .resize({ width, height, fit: 'fill' })
        .removeAlpha()
        .toColourspace(channels === 1 ? 'b-w' : 'srgb')
        .raw()
        .toBuffer({ resolveWithObject: true });
      if (info.channels !== channels) throw new Error(`has ${info.channels} channels`);
      place(data, inputs.subarray(i * perRow, (i + 1) * perRow), layout);
    } catch (cause) {
      broken.set(i, `cannot be decoded (${(cause as Error).message.split('\n')[0]})`);
    }
  }
  const ids = files.map((file) => relative(folder, file).split(sep).join('/'));
  return { first, ids, inputs, broken };
}

/** Decoders give `[H, W, C]`. */
function place(data: Uint8Array, target: Float32Array, layout: ImageLayout): void {
  const { channels: C, height, width, channelsFirst } = layout;
  if (!channelsFirst || C === 1) {
    target.set(data);
    return;
  }
  const pixels = height * width;
  for (let p = 0; p < pixels; p++) {
    for (let c = 0; c < C; c++) target[c * pixels + p] = data[p * C + c] as number;
  }
}
