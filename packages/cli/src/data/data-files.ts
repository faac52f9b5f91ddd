import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { DataError } from '@baal/core';
import { mnistFiles } from '@baal/datasets';
import type { DatasetConfig } from '../config/config.ts';

/** Role of files with precomputed scores; each cell reads its own one at most. */
export const scoresRole = 'scores';

/** What the bytes of a file are, whatever its name and place. */
export interface FileDigest {
  /** Length of the file. */
  readonly bytes: number;
  /** SHA-256 of its bytes, in hexadecimal digits. */
  readonly sha256: string;
}

/** A file that an experiment reads. */
export interface DataFile extends FileDigest {
  /** What it is for, e.g. `train.images`. */
  readonly role: string;
  readonly path: string;
}

/**
 * The files behind a dataset, those with precomputed scores, and what is in them: a part of what a run is. O(bytes); reads every file
 * once more.
 *
 * @throws DataError if a file cannot be read.
 */
export async function readDataFiles(
  dataset: DatasetConfig,
  scores: readonly string[] = [],
): Promise<readonly DataFile[]> {
  const files = [...pathsOf(dataset), ...scores.map((path) => [scoresRole, path] as const)];
  return Promise.all(
    files.map(async ([role, path]) => ({ role, path, ...(await digestOf(path)) })),
  );
}

function pathsOf(dataset: DatasetConfig): readonly (readonly [role: string, path: string])[] {
  return (['train', 'test'] as const).flatMap((split) => {
    const { images, labels } =
      dataset.kind === 'idx'
        ? dataset[split]
        : mnistFiles({
            split,
            ...(dataset.directory === undefined ? {} : { directory: dataset.directory }),
          });
    return [[`${split}.images`, images] as const, [`${split}.labels`, labels] as const];
  });
}

/**
 * What is in a file. O(bytes).
 * @throws DataError if it cannot be read; the reason of `signal` once that is aborted.
 */
export async function digestOf(path: string, signal?: AbortSignal): Promise<FileDigest> {
  const hash = createHash('sha256');
  let bytes = 0;
  try {
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
      signal?.throwIfAborted();
      hash.update(chunk);
      bytes += chunk.length;
    }
  } catch (cause) {
    signal?.throwIfAborted();
    const { code } = cause as NodeJS.ErrnoException;
    throw new DataError(
      `${path}: cannot read the file (${code}), expected a file of the experiment`,
      { cause },
    );
  }
  return { bytes, sha256: hash.digest('hex') };
}

/** The digests alone, by role: what a journal keeps. */
export function digests(files: readonly DataFile[]): Readonly<Record<string, FileDigest>> {
  return Object.fromEntries(files.map(({ role, bytes, sha256 }) => [role, { bytes, sha256 }]));
}

/**
 * @throws DataError naming the first file whose bytes are not those of `recorded`; `where` is what keeps
 *   the record.
 */
export function checkSameData(where: string, files: readonly DataFile[], recorded: unknown): void {
  const before = (recorded ?? {}) as Readonly<Record<string, Partial<FileDigest> | undefined>>;
  for (const { role, path, bytes, sha256 } of files) {
    const was = before[role];
    if (was?.bytes === bytes && was.sha256 === sha256) continue;
    throw new DataError(
      `${path}: the data (${role === scoresRole ? 'precomputed scores' : `dataset.${role}`}) are not those of ${where}, expected ${was?.bytes ?? '?'} bytes with ` +
        `SHA-256 ${short(was?.sha256)}, got ${bytes} bytes with ${short(sha256)}; put the file back, or choose ` +
        'another directory with --out',
    );
  }
}

const short = (digest: string | undefined): string => `${digest?.slice(0, 12) ?? '?'}...`;
