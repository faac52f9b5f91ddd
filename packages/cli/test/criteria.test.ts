import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { spawnInProcess, testContext, watched } from './in-process.ts';
import { type TinyExperiment, tinyExperiment } from './tiny-experiment.ts';
import { journalOf, resumesAlike, runWhole } from './whole-runs.ts';

let tiny: TinyExperiment;
beforeAll(async () => {
  tiny = await tinyExperiment();
});
afterAll(() => tiny.remove());

let folders = 0;

describe('criteria', () => {
  const stopSet = { size: 12 };
  const never = { kind: 'metric-level', level: 2 };
  it.each([
    [{ kind: 'metric-level', level: 0 }, 1, 'metricLevel'],
    [{ kind: 'metric-level', metric: 'loss', level: 99, direction: 'atMost' }, 1, 'metricLevel'],
    [{ kind: 'metric-level', metric: 'loss', level: 99 }, 6, 'rounds'],
    [{ kind: 'overall-uncertainty', threshold: 9 }, 1, 'overallUncertainty'],
    [{ kind: 'kappa-agreement', threshold: -1 }, 2, 'kappaAgreement'],
    [{ kind: 'kappa-agreement', threshold: -1, patience: 3 }, 4, 'kappaAgreement'],
    [{ kind: 'stabilizing-predictions', threshold: -1 }, 4, 'stabilizingPredictions'],
    [{ kind: 'classification-change', threshold: 1 }, 3, 'classificationChange'],
    [
      {
        kind: 'any-of',
        criteria: [never, { kind: 'kappa-agreement', threshold: -1, patience: 2 }],
      },
      3,
      'anyOf(metricLevel, kappaAgreement)',
    ],
    [{ kind: 'all-of', criteria: [never, { kind: 'labelling-budget', budget: 1 }] }, 6, 'rounds'],
    [
      {
        kind: 'all-of',
        criteria: [
          { kind: 'labelling-budget', budget: 12 },
          { kind: 'any-of', criteria: [never, { kind: 'low-average-uncertainty', threshold: 9 }] },
        ],
      },
      3,
      'allOf(labellingBudget, anyOf(metricLevel, lowAverageUncertainty))',
    ],
  ])('%j ends a cell after %i rounds', async (criterion, rounds, reason) => {
    const out = tiny.at(`stop-${folders++}`);
    const changes = { heuristics: ['bald'], seeds: [0], rounds: 6, stop: [criterion], stopSet };
    await runWhole(tiny, changes, out);
    expect(journalOf(out, 'bald-seed0').end).toEqual({ end: true, rounds, reason });
    await resumesAlike(tiny, changes, out, 2);
  });

  const timed = {
    heuristics: ['bald'],
    seeds: [0],
    rounds: 6,
    stop: [{ kind: 'time-budget', seconds: 50 }],
  };

  it('a time budget counts the rounds of this run by its clock', async () => {
    let clock = 0;
    const out = tiny.at('timed');
    const spawn = spawnInProcess(
      watched(() => {
        clock += 20_000; // each ranking takes 20 s
      }),
      undefined,
      () => clock,
    );
    await runWhole(tiny, timed, out, [], testContext({ spawn }));
    // Before the fourth evaluation three rankings are over: 60 s.
    expect(journalOf(out, 'bald-seed0').end).toEqual({
      end: true,
      rounds: 4,
      reason: 'timeBudget',
    });
  });

  it.each([
    ['all times', '{"round":0,"seconds":30}\n{"round":1,"seconds":30}\n', 3],
    ['the last of two times of a round', '{"round":0,"seconds":99}\n{"round":0,"seconds":30}\n', 6],
    ['no time that was lost', '{"round":0,"seconds":30}\nnonsense\n{"round":1,"sec', 6],
    ['no time of a round that is to come', '{"round":5,"seconds":99}\n', 6],
  ])('a time budget counts %s of a run before', async (_, times, rounds) => {
    const out = tiny.at(`timed-${folders++}`);
    await runWhole(tiny, { ...timed, rounds: 6 }, out);
    const journal = `${out}/cells/bald-seed0/journal.jsonl`;
    const lines = readFileSync(journal, 'utf8').split('\n');
    writeFileSync(journal, `${lines.slice(0, 3).join('\n')}\n`);
    writeFileSync(`${out}/cells/bald-seed0/times.jsonl`, times);
    rmSync(`${out}/results.json`);
    await runWhole(tiny, timed, out, ['--resume']);
    expect(journalOf(out, 'bald-seed0').rounds).toHaveLength(rounds);
  });
});
