import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { baal } from '../src/program.ts';
import { testContext } from './in-process.ts';

/** `baal score` in this process: its exit code, what it shows and what it complains of. */
export async function score(...args: readonly string[]) {
  const context = testContext();
  const code = await baal(['score', ...args], context);
  return { code, output: context.output.join('\n'), complaints: context.complaints };
}

/** The result of a run that goes well, as data. */
export async function json(...args: readonly string[]) {
  const { code, output, complaints } = await score(...args, '--json');
  expect([code, complaints]).toEqual([0, []]);
  return JSON.parse(output);
}

/** The one line that refuses a command. */
export async function refused(...args: readonly string[]): Promise<string> {
  const { code, complaints } = await score(...args);
  expect([code, complaints.length]).toEqual([2, 1]);
  expect(complaints[0]?.split('\n')).toHaveLength(1);
  return complaints[0] as string;
}

/** The column of scores of a file without quotes. */
export const scoresOf = (path: string): readonly string[] =>
  readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => line.split(',')[2] as string);
