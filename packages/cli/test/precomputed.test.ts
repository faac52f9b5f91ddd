import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRng } from '@baal/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { baal } from '../src/program.ts';
import { testContext } from './in-process.ts';
import { writeNpy } from './npy-file.ts';
import { type TinyExperiment, tinyExperiment } from './tiny-experiment.ts';
import { journalOf, resumesAlike, runWhole } from './whole-runs.ts';

let tiny: TinyExperiment;
beforeAll(async () => {
  tiny = await tinyExperiment();
});
afterAll(() => tiny.remove());

let folders = 0;

describe('precomputed scores', () => {
  const scores = (): readonly number[] => {
    const order = createRng('scores').permutation(90);
    return Array.from(order, (value) => value / 7 - 3);
  };
  const changes = {
    heuristics: [
      { kind: 'precomputed', file: 'scores.csv', direction: 'lowest', label: 'given' },
      {
        kind: 'rankBasedSampling',
        temperature: 0.01,
        base: { kind: 'precomputed', file: 'scores.csv', direction: 'highest' },
        label: 'given-drawn',
      },
      'bald',
    ],
    seeds: [0],
    stopSet: { size: 10 },
  };
  const write = (values: readonly unknown[], heading = ''): void =>
    writeFileSync(tiny.at('scores.csv'), `${heading}${values.join('\n')}\n`);

  it('choose by the file, from the best that is left', async () => {
    write(scores(), 'score\r\n');
    const out = tiny.at('given');
    await runWhole(tiny, changes, out);
    const all = scores();
    const before = (acquired: readonly string[]): readonly number[] =>
      acquired.map((id) => all[Number(id)] as number);
    const { rounds, header } = journalOf(out, 'given-seed0');
    const chosen = before(rounds.flatMap((round) => round.acquired));
    expect(chosen).toHaveLength(6);
    expect(chosen).toEqual(chosen.toSorted((a, b) => a - b));
    const better = all.filter((score) => score < (chosen.at(-1) as number));
    // Whatever is better and was not chosen was labelled to begin with.
    expect(better.length - 5).toBeLessThanOrEqual(6);
    expect(rounds[0]?.scores).toEqual(chosen.slice(0, 3).map((score) => 0 - score));
    expect(rounds[0]?.stopSet).toEqual(journalOf(out, 'bald-seed0').rounds[0]?.stopSet);
    const data = (cell: string): readonly string[] => {
      const config = journalOf(out, cell).header?.config as { data: object } | undefined;
      return Object.keys(config?.data ?? {});
    };
    expect(header?.config).toMatchObject({ heuristic: { file: tiny.at('scores.csv') } });
    expect(data('given-seed0')).toContain('scores');
    expect(data('bald-seed0')).not.toContain('scores');
    const drawn = before(journalOf(out, 'given-drawn-seed0').rounds.flatMap((r) => r.acquired));
    expect(Math.min(...drawn)).toBeGreaterThan(Math.max(...chosen));
    await resumesAlike(tiny, changes, out, 2);
  });

  it('may stand in a NumPy file, with all their digits', async () => {
    const all = scores();
    write(all);
    const given = async (file: string): Promise<readonly unknown[]> => {
      const out = tiny.at(`from-${file}`);
      const heuristic = { kind: 'precomputed', file, direction: 'lowest', label: 'given' };
      await runWhole(tiny, { ...changes, heuristics: [heuristic] }, out);
      return journalOf(out, 'given-seed0').rounds;
    };
    const expected = await given('scores.csv');
    for (const shape of [[90], [90, 1]]) {
      writeNpy(tiny.at('scores.npy'), { type: '<f8', shape, values: all });
      expect(await given('scores.npy')).toEqual(expected);
      rmSync(tiny.at('from-scores.npy'), { recursive: true });
    }
  });

  it.each([
    [
      'too few',
      { shape: [89] },
      'scores.npy: another number of scores than training items, expected 90, got 89',
    ],
    [
      'several an item',
      { shape: [90, 2] },
      'scores.npy: not one score an item, expected an array [N], got rows of [2]',
    ],
    [
      'one that is none',
      { shape: [90], bad: 7 },
      'scores.npy: item 7 has no score, expected a finite number, got: value 0 is NaN',
    ],
  ])(
    'in a NumPy file are refused: %s',
    async (_, { shape, bad }: { shape: number[]; bad?: number }, text) => {
      const values = Array.from({ length: shape.reduce((a, b) => a * b) }, (_value, i) =>
        i === bad ? Number.NaN : i,
      );
      writeNpy(tiny.at('scores.npy'), { type: '<f8', shape, values });
      const context = testContext();
      const heuristic = {
        kind: 'precomputed',
        file: 'scores.npy',
        direction: 'lowest',
        label: 'given',
      };
      const config = tiny.config({ heuristics: [heuristic], seeds: [0] });
      expect(await baal(['run', config, '--out', tiny.at('refused-npy')], context)).toBe(2);
      expect(context.complaints.join()).toContain(text);
    },
  );

  it('are those of every copy of an item', async () => {
    const doubled = [...scores(), ...scores().map((score) => score + 100)];
    write(doubled);
    const { dataset } = parse(readFileSync(tiny.config(), 'utf8')) as { dataset: object };
    const out = tiny.at('copies');
    await runWhole(tiny, { ...changes, dataset: { ...dataset, duplicates: 2 } }, out);
    const ids = journalOf(out, 'given-drawn-seed0').rounds.flatMap((round) => round.acquired);
    expect(ids).toHaveLength(6);
    expect(ids.every((id) => id.endsWith('#2'))).toBe(true);
  });

  it.each([
    [
      'of another number',
      () => scores().slice(1),
      /scores\.csv: another number .*expected 90, got 89/,
    ],
    [
      'that are no numbers',
      () => [...scores().slice(1), 'x'],
      /scores\.csv:90: not a score, .* got 'x'/,
    ],
    ['that are NaN', () => ['NaN', ...scores().slice(2), 'NaN'], /scores\.csv:90: not a score/],
    ['with a gap', () => [1, '', ...scores().slice(2)], /scores\.csv:2: not a score, .* got ''/],
    [
      'that have changed',
      () => scores().toReversed(),
      /the data \(precomputed scores\) are not those/,
    ],
  ])('%s are refused in one line', async (_, values, expected) => {
    write(scores());
    const out = tiny.at(`refused-${folders++}`);
    await runWhole(tiny, { ...changes, rounds: 1 }, out);
    write(values());
    const context = testContext();
    const path = tiny.config({ ...changes, rounds: 1 }, 'refused.yaml');
    expect(await baal(['run', path, '--out', out, '--resume'], context)).toBe(2);
    expect(context.complaints).toHaveLength(1);
    expect(context.complaints[0]?.split('\n')).toHaveLength(1);
    expect(context.complaints[0]).toMatch(expected);
  });
});
