import { cpSync, readdirSync, readFileSync, truncateSync } from 'node:fs';
import { createRng, decodeJournal, type Journal } from '@baal/core';
import { expect } from 'vitest';
import { baal } from '../src/program.ts';
import type { Results } from '../src/run/results.ts';
import { type TestContext, testContext } from './in-process.ts';
import type { TinyExperiment } from './tiny-experiment.ts';

type Changes = Readonly<Record<string, unknown>>;

let configs = 0;

/** Runs a tiny config with some keys changed into a folder; it must end well. */
export async function runWhole(
  tiny: TinyExperiment,
  changes: Changes,
  out: string,
  more: readonly string[] = [],
  context: TestContext = testContext(),
): Promise<TestContext> {
  const path = tiny.config(changes, `whole-${configs++}.yaml`);
  const code = await baal(['run', path, '--out', out, ...more], context);
  expect(context.complaints).toEqual([]);
  expect(code).toBe(0);
  return context;
}

/** The journal of a cell as it is written. */
export const journalText = (out: string, cell: string): string =>
  readFileSync(`${out}/cells/${cell}/journal.jsonl`, 'utf8');

/** The journal of a cell. */
export const journalOf = (out: string, cell: string): Journal =>
  decodeJournal(journalText(out, cell));

/** The results of a run. */
export const resultsOf = (out: string): Results =>
  JSON.parse(readFileSync(`${out}/results.json`, 'utf8')) as Results;

/** Everything that must be the same in every run. */
export const bytesOf = (out: string): readonly string[] => [
  ...readdirSync(`${out}/cells`).map((cell) => journalText(out, cell)),
  readFileSync(`${out}/results.json`, 'utf8'),
  readFileSync(`${out}/config.json`, 'utf8'),
];

/** Cuts every journal somewhere, goes on, and expects the bytes of the whole run. */
export async function resumesAlike(
  tiny: TinyExperiment,
  changes: Changes,
  whole: string,
  trials: number,
): Promise<void> {
  const rng = createRng('cuts');
  for (let trial = 0; trial < trials; trial++) {
    const out = `${whole}-cut-${trial}`;
    cpSync(whole, out, { recursive: true });
    for (const cell of readdirSync(`${out}/cells`)) {
      const journal = `${out}/cells/${cell}/journal.jsonl`;
      truncateSync(journal, rng.int(readFileSync(journal).length));
    }
    await runWhole(tiny, changes, out, ['--resume']);
    expect(bytesOf(out)).toEqual(bytesOf(whole));
  }
}
