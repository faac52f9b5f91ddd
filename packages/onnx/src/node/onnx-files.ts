import {
  closeSync,
  fstatSync,
  openSync,
  readFileSync,
  readSync,
  realpathSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, isAbsolute, join, relative } from 'node:path';
import { DataError } from '@baal/core';
import type { ExternalDataReader } from '../graph/external-data.ts';
import type { Graph } from '../graph/graph.ts';
import { readOnnx } from '../graph/read-onnx.ts';
import { writeOnnx, writeOnnxExternal } from '../graph/write-onnx.ts';

/** Options of {@link readOnnxFile}. */
export interface ReadOnnxFileOptions {
  /** Called with the path of each file beside the model that weights are read from, links resolved, once each. */
  readonly onWeightsFile?: (path: string) => void;
}

/**
 * Reads a model from an .onnx file, and weights that it keeps in files beside it.
 *
 * @throws DataError if there is no such file, if it is no valid model, or if weights lie outside of the model's
 *   folder: an absolute path, `..`, or a symbolic link that leads out.
 */
export function readOnnxFile(path: string, { onWeightsFile }: ReadOnnxFileOptions = {}): Graph {
  const where = `readOnnxFile: ${path}`;
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    throw new DataError(
      `${where} cannot be read (${reason(cause)}), expected an .onnx file of at most 2 GiB`,
      { cause },
    );
  }
  const files = new Set<string>();
  const externalData = filesBeside(path, where, files);
  const graph = readOnnx(bytes, { where, externalData });
  if (onWeightsFile !== undefined) for (const file of files) onWeightsFile(file);
  return graph;
}

/** Reads parts of the files in the folder of a model, and notes in `files` which ones. */
function filesBeside(model: string, where: string, files: Set<string>): ExternalDataReader {
  return (location, offset, length) => {
    const label = `${where}: weights in "${location}"`;
    let folder: string;
    let file: string;
    try {
      folder = realpathSync(dirname(model));
      file = realpathSync(join(folder, location));
    } catch (cause) {
      throw new DataError(
        `${label} cannot be read (${reason(cause)}), expected the file beside the model; copy it there`,
        { cause },
      );
    }
    const inside = relative(folder, file);
    if (inside.startsWith('..') || isAbsolute(inside)) {
      throw new DataError(
        `${label} lie outside of the model's folder, expected them inside; do not trust this model, or copy the file to where the link is`,
      );
    }
    files.add(file);
    const handle = openSync(file, 'r');
    try {
      // Before memory is taken for what the model only claims.
      const { size } = fstatSync(handle);
      if (offset + length > size) {
        throw new DataError(
          `${label} need ${length} bytes at offset ${offset}, got a file of ${size}; it is truncated or belongs to another model`,
        );
      }
      const data = new Uint8Array(length);
      for (let done = 0; done < length; ) {
        // One call reads less than 2 GiB.
        const part = Math.min(length - done, 2 ** 30);
        const count = readSync(handle, data, done, part, offset + done);
        if (count === 0) throw new DataError(`${label} became shorter while they were read`);
        done += count;
      }
      return data;
    } finally {
      closeSync(handle);
    }
  };
}

/** Where {@link writeOnnxFile} puts the weights. */
export interface WriteOnnxFileOptions {
  /** True: in a second file, named like the first with `.data` behind it, as models beyond 2 GiB need. False by default. */
  readonly externalData?: boolean;
}

/**
 * Writes a model to an .onnx file; with `externalData`, its weights to a second file beside it.
 *
 * @throws DataError if the model needs a second file and none is allowed.
 */
export function writeOnnxFile(
  path: string,
  graph: Graph,
  options: WriteOnnxFileOptions = {},
): void {
  if (!(options.externalData ?? false)) {
    write(path, [writeOnnx(graph)]);
    return;
  }
  const { model, data } = writeOnnxExternal(graph, `${basename(path)}.data`);
  // The weights first: a model is never there without them.
  write(`${path}.data`, data);
  write(path, [model]);
}

function write(path: string, parts: readonly Uint8Array[]): void {
  const handle = openSync(path, 'w');
  try {
    for (const part of parts) {
      for (let done = 0; done < part.length; ) {
        done += writeSync(handle, part, done, Math.min(part.length - done, 2 ** 30));
      }
    }
  } finally {
    closeSync(handle);
  }
}

function reason(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
