import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { relative } from 'node:path';
import { imageFiles } from '@baal/datasets';
import { digestOf } from '../data/data-files.ts';
import { readEnvironment } from '../run/environment.ts';
import type { Pool } from './pool.ts';
import type { ScoreWork } from './score-journal.ts';
import type { ScoreOptions } from './score-options.ts';
import { rowsPerRun } from './score-rows.ts';
import type { ScoringGraph, ScoringModel } from './scoring-model.ts';

/** Options that change what is shown, not what is scored. */
const ofShow: readonly string[] = ['top', 'out', 'json', 'debug'];

/**
 * What scores follow from: the bytes of model and data (of a folder the names, lengths and times of
 * its images), options, versions. O(bytes).
 *
 * @throws DataError if a file cannot be read; the reason of `signal` once that is aborted.
 */
export async function scoreWork(
  { path, graph }: ScoringGraph,
  pool: Pool,
  model: ScoringModel,
  options: ScoreOptions,
  signal: AbortSignal,
): Promise<ScoreWork> {
  const { baal, 'onnxruntime-node': runtime } = readEnvironment();
  const files: [string, string][] = [];
  for (const [role, file] of Object.entries(pool.files)) {
    files.push([
      `${role} (${statSync(file).isDirectory() ? 'folder' : 'file'})`,
      await digest(file, signal),
    ]);
  }
  const given = Object.entries(options).filter(
    ([name, value]) => !ofShow.includes(name) && value !== undefined,
  );
  return {
    MODEL: modelDigest(path, graph),
    ...Object.fromEntries(files),
    ...Object.fromEntries(given.map(([name, value]) => [`--${kebab(name)}`, value])),
    'version of baal': baal,
    'version of onnxruntime-node': runtime,
    'rows a run': rowsPerRun(model),
    'what computes': model.provider,
  };
}

const kebab = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** Of the file and of all weights, which may lie in other files. */
function modelDigest(path: string, { initializers }: ScoringGraph['graph']): string {
  const hash = createHash('sha256').update(readFileSync(path));
  for (const { data } of initializers.values()) {
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return `sha256:${hash.digest('hex')}`;
}

/** Of a folder only what is read counts: scores may be written into it. */
async function digest(path: string, signal: AbortSignal): Promise<string> {
  if (!(await stat(path)).isDirectory()) return `sha256:${(await digestOf(path, signal)).sha256}`;
  const hash = createHash('sha256');
  for (const file of await imageFiles(path)) {
    signal.throwIfAborted();
    // A link to nothing is a row that cannot be scored.
    const { size, mtimeMs } = await stat(file).catch(() => ({ size: null, mtimeMs: null }));
    hash.update(JSON.stringify([relative(path, file), size, mtimeMs]));
  }
  return `sha256:${hash.digest('hex')}`;
}
