import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { spawnInProcess, testContext, watched } from './in-process.ts';
import { type TinyExperiment, tinyExperiment } from './tiny-experiment.ts';
import { journalOf, resumesAlike, runWhole } from './whole-runs.ts';

let tiny: TinyExperiment;
beforeAll(async () => {
  tiny = await tinyExperiment();
});
afterAll(() => tiny.remove());

describe('targets and the stop set', () => {
  it.each([
    ['targets', 'test'],
    ['targets', 'pool'],
    ['stopSet', 'test'],
    ['stopSet', 'pool'],
  ])('%s from the %s are drawn by the seed, for all strategies and rounds', async (key, from) => {
    const sets: string[] = [];
    const build = watched((ids) => {
      if (ids.length === 17) sets.push(ids.join());
    });
    const heuristics =
      key === 'targets'
        ? ['epig', { kind: 'subsample', size: 9, base: 'epig', label: 'part' }]
        : ['random', 'bald'];
    const changes = { heuristics, rounds: 4, seeds: [3, 4], [key]: { from, size: 17 } };
    const context = testContext({ spawn: spawnInProcess(build) });
    const out = tiny.at(`${key}-${from}`);
    await runWhole(tiny, changes, out, ['--jobs', '1'], context);
    const [first] = sets;
    // Targets are predicted in each round that ranks, the stop set in each that trains.
    const rounds = key === 'targets' ? 3 : 4;
    expect(sets).toHaveLength(2 * 2 * rounds);
    expect(sets.slice(0, 2 * rounds)).toEqual(Array(2 * rounds).fill(first));
    const other = sets[2 * rounds];
    expect(other).not.toBe(first);
    expect(sets.slice(2 * rounds)).toEqual(Array(2 * rounds).fill(other));
    const ids = (first ?? '').split(',').map(Number);
    expect(ids).toEqual([...new Set(ids)].sort((a, b) => a - b));
    if (key === 'stopSet') {
      const [round] = journalOf(out, 'bald-seed3').rounds;
      expect(round?.stopSet?.predicted).toHaveLength(17);
    }
    await resumesAlike(tiny, changes, out, 2);
  });

  it('are the pool as it is before the first round, where all of it is asked for', async () => {
    const predicted: string[] = [];
    const build = watched((ids) => predicted.push(ids.join()));
    const context = testContext({ spawn: spawnInProcess(build) });
    const changes = { heuristics: ['bald'], rounds: 3, seeds: [0], stopSet: { size: 84 } };
    await runWhole(tiny, changes, tiny.at('all-of-pool'), [], context);
    const [stopSet, pool, again, smaller] = predicted;
    expect(stopSet?.split(',')).toHaveLength(84);
    expect(pool).toBe(stopSet);
    expect(again).toBe(stopSet);
    expect(smaller?.split(',')).toHaveLength(81);
  });

  it('are drawn apart from each other', async () => {
    const predicted: string[] = [];
    const build = watched((ids) => {
      if (ids.length === 17) predicted.push(ids.join());
    });
    const context = testContext({ spawn: spawnInProcess(build) });
    const items = { from: 'test', size: 17 };
    const changes = { heuristics: ['epig'], rounds: 2, seeds: [0], targets: items, stopSet: items };
    await runWhole(tiny, changes, tiny.at('apart'), [], context);
    const alone = { ...changes, heuristics: ['random'], rounds: 1, targets: undefined };
    await runWhole(tiny, alone, tiny.at('alone'), [], context);
    const [stopSet, targets, ...again] = predicted;
    expect(again).toEqual([stopSet, stopSet]);
    expect(targets).not.toBe(stopSet);
  });
});
