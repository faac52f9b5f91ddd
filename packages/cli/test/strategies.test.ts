import { cpSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import {
  createRng,
  type Dataset,
  decodeJournal,
  type Example,
  encodeHeader,
  type Journal,
} from '@baal/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { BuildLearner } from '../src/cell/run-cell.ts';
import { baal } from '../src/program.ts';
import type { Results } from '../src/run/results.ts';
import { committee, spawnInProcess, type TestContext, testContext } from './in-process.ts';
import { type TinyExperiment, tinyExperiment } from './tiny-experiment.ts';

let tiny: TinyExperiment;
beforeAll(async () => {
  tiny = await tinyExperiment();
});
afterAll(() => tiny.remove());

let configs = 0;

/** Runs a config into a folder that must end well. */
async function run(
  changes: Readonly<Record<string, unknown>>,
  out: string,
  more: readonly string[] = [],
  context: TestContext = testContext(),
): Promise<TestContext> {
  const path = tiny.config(changes, `strategies-${configs++}.yaml`);
  const code = await baal(['run', path, '--out', out, ...more], context);
  expect(context.complaints).toEqual([]);
  expect(code).toBe(0);
  return context;
}

const journalText = (out: string, cell: string): string =>
  readFileSync(`${out}/cells/${cell}/journal.jsonl`, 'utf8');
const journalOf = (out: string, cell: string): Journal => decodeJournal(journalText(out, cell));
const resultsOf = (out: string): Results =>
  JSON.parse(readFileSync(`${out}/results.json`, 'utf8')) as Results;

/** Everything that must be the same in every run. */
const bytes = (out: string): readonly string[] => [
  ...readdirSync(`${out}/cells`).map((cell) => journalText(out, cell)),
  readFileSync(`${out}/results.json`, 'utf8'),
  readFileSync(`${out}/config.json`, 'utf8'),
];

/** Cuts every journal somewhere, goes on, and expects the bytes of the whole run. */
async function resumesAlike(
  changes: Readonly<Record<string, unknown>>,
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
    await run(changes, out, ['--resume']);
    expect(bytes(out)).toEqual(bytes(whole));
  }
}

describe('a grid of heuristics with options and query sizes', () => {
  const changes = {
    heuristics: [
      'bald',
      { kind: 'powerBald', temperature: 0.25 },
      { kind: 'batchBald', maxConfigurations: 50, samples: 40, label: 'joint' },
      {
        kind: 'subsample',
        size: 20,
        base: { kind: 'rankBasedSampling', base: 'margin' },
        label: 'part',
      },
      {
        kind: 'combine',
        scale: 'rank',
        heuristics: [
          { heuristic: 'entropy', weight: 2 },
          { heuristic: 'bald', weight: 1 },
        ],
        label: 'both',
      },
      'random',
    ],
    querySize: [3, 5],
    rounds: undefined,
    labels: 14,
    seeds: [0],
  };
  let whole = '';
  let context: TestContext;
  beforeAll(async () => {
    whole = tiny.at('grid');
    context = await run(changes, whole);
  });

  it('has a cell for each, and curves over the same range of labels', () => {
    const labels = ['bald', 'both', 'joint', 'part', 'powerBald-temperature0.25', 'random'];
    expect(readdirSync(`${whole}/cells`)).toEqual(
      labels.flatMap((label) => [`${label}-b3-seed0`, `${label}-b5-seed0`]),
    );
    for (const label of labels) {
      const points = (size: number): readonly number[] =>
        journalOf(whole, `${label}-b${size}-seed0`).rounds.map((round) => round.labelled);
      expect(points(3)).toEqual([6, 9, 12, 14]);
      expect(points(5)).toEqual([6, 11, 14]);
    }
  });

  it('ends with the same bytes from wherever it was cut', async () => {
    await resumesAlike(changes, whole, 5);
  });

  it('shows and records strategies by their labels, each against Random of its own size', () => {
    const results = resultsOf(whole);
    expect(results.strategies.map(({ heuristic }) => heuristic)).toContain(
      'powerBald-temperature0.25-b5',
    );
    expect(results.strategies.map(({ saved }) => saved === undefined)).toEqual([
      ...Array(10).fill(false),
      true,
      true,
    ]);
    const text = context.output.join('\n');
    expect(text).toMatch(/^joint-b5-seed0 {2}round 1\/3 {2}6 labels/m);
    expect(text).toMatch(/^PowerBALD temperature0.25 b5 .*~\d/m);
    expect(readFileSync(`${whole}/report.html`, 'utf8')).toContain('joint-b5');
  });

  it('may grow: by strategies, query sizes and targets that only the new ones need', async () => {
    const out = tiny.at('grown-grid');
    const first = { ...changes, heuristics: changes.heuristics.slice(0, 2), querySize: [3] };
    await run(first, out);
    await run(changes, out, ['--resume']);
    expect(bytes(out)).toEqual(bytes(whole));
    const more = { ...changes, heuristics: [...changes.heuristics, 'epig'], targets: { size: 9 } };
    await run(more, out, ['--resume']);
    expect(journalOf(out, 'epig-b3-seed0').end).toEqual({ end: true, rounds: 4, reason: 'rounds' });
    expect(journalText(out, 'bald-b3-seed0')).toBe(journalText(whole, 'bald-b3-seed0'));
  });

  it('does not lose a size or a strategy, nor take other options for the same', async () => {
    const refusal = async (other: object): Promise<string> => {
      const complaints = testContext();
      const path = tiny.config({ ...changes, ...other }, 'other.yaml');
      expect(await baal(['run', path, '--out', whole, '--resume'], complaints)).toBe(2);
      expect(complaints.complaints).toHaveLength(1);
      return complaints.complaints[0] as string;
    };
    expect(await refusal({ querySize: [5] })).toMatch(
      /strategies that are left out .*put back bald-b3,/,
    );
    expect(await refusal({ querySize: 5 })).toContain('querySize is "a list" there and 5 here');
    const [bald, power, joint, ...others] = changes.heuristics;
    const heuristics = [bald, power, { ...(joint as object), samples: 41 }, ...others];
    expect(await refusal({ heuristics })).toMatch(
      /joint-b3-seed0.* heuristic\.samples is 40 there and 41 here/,
    );
  });
});

type Header = { readonly config: Readonly<Record<string, object>> };

describe('a plain config', () => {
  it('has the journal header that it has always had', async () => {
    const out = tiny.at('plain');
    await run({ heuristics: ['bald'], seeds: [0], rounds: 1 }, out);
    const text = journalText(out, 'bald-seed0');
    const { data, ...config } = (JSON.parse(text.split('\n')[0] ?? '') as Header).config;
    expect(Object.keys(data ?? {})).toEqual([
      'test.images',
      'test.labels',
      'train.images',
      'train.labels',
    ]);
    const idx = { kind: 'idx', scale: 1, mean: 0, std: 1 };
    const split = (name: string): object => ({
      images: tiny.at(`${name}-x.idx`),
      labels: tiny.at(`${name}-y.idx`),
    });
    const old = {
      dataset: { ...idx, train: split('train'), test: split('test') },
      model: { kind: 'mlp', hidden: [16], dropout: 0.25 },
      bayesian: { kind: 'mc-dropout', masks: 'joint' },
      initial: { size: 6, balanced: true },
      querySize: 3,
      rounds: 1,
      iterations: 5,
      pool: { maxSamples: null },
      train: {
        epochs: 5,
        batchSize: 8,
        optimizer: { kind: 'adamw', lr: 0.01, weightDecay: 0.01 },
        until: null,
      },
      evaluate: { averagePredictions: 5 },
      stop: [],
      threads: 1,
    };
    expect(config).toEqual(old);
    const cell = { heuristic: 'bald', seed: 0 };
    const line = encodeHeader({ config: { ...old, data } as never, cell });
    expect(text.startsWith(line)).toBe(true);
  });
});

/** A committee that tells which datasets it predicts, by the ids of their items. */
function watched(seen: (ids: readonly string[]) => void): BuildLearner {
  return async (config, data, options) => {
    const learner = await committee(config, data, options);
    const idsOf = (dataset: Dataset<Example>): readonly string[] =>
      Array.from({ length: dataset.length }, (_, i) => dataset.id?.(i) ?? String(i));
    return {
      name: learner.name,
      reset: () => learner.reset(),
      train: (...args) => learner.train(...args),
      evaluate: (...args) => learner.evaluate(...args),
      dispose: () => learner.dispose(),
      predict: (dataset, work) => {
        seen(idsOf(dataset));
        return learner.predict(dataset, work);
      },
    };
  };
}

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
    await run(changes, out, ['--jobs', '1'], context);
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
    await resumesAlike(changes, out, 2);
  });

  it('are the pool as it is before the first round, where all of it is asked for', async () => {
    const predicted: string[] = [];
    const build = watched((ids) => predicted.push(ids.join()));
    const context = testContext({ spawn: spawnInProcess(build) });
    const changes = { heuristics: ['bald'], rounds: 3, seeds: [0], stopSet: { size: 84 } };
    await run(changes, tiny.at('all-of-pool'), [], context);
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
    await run(changes, tiny.at('apart'), [], context);
    const alone = { ...changes, heuristics: ['random'], rounds: 1, targets: undefined };
    await run(alone, tiny.at('alone'), [], context);
    const [stopSet, targets, ...again] = predicted;
    expect(again).toEqual([stopSet, stopSet]);
    expect(targets).not.toBe(stopSet);
  });
});

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
    await run(changes, out);
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
    await resumesAlike(changes, out, 2);
  });

  it('are those of every copy of an item', async () => {
    const doubled = [...scores(), ...scores().map((score) => score + 100)];
    write(doubled);
    const { dataset } = parse(readFileSync(tiny.config(), 'utf8')) as { dataset: object };
    const out = tiny.at('copies');
    await run({ ...changes, dataset: { ...dataset, duplicates: 2 } }, out);
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
    const out = tiny.at(`refused-${configs++}`);
    await run({ ...changes, rounds: 1 }, out);
    write(values());
    const context = testContext();
    const path = tiny.config({ ...changes, rounds: 1 }, 'refused.yaml');
    expect(await baal(['run', path, '--out', out, '--resume'], context)).toBe(2);
    expect(context.complaints).toHaveLength(1);
    expect(context.complaints[0]?.split('\n')).toHaveLength(1);
    expect(context.complaints[0]).toMatch(expected);
  });
});

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
    const out = tiny.at(`stop-${configs++}`);
    const changes = { heuristics: ['bald'], seeds: [0], rounds: 6, stop: [criterion], stopSet };
    await run(changes, out);
    expect(journalOf(out, 'bald-seed0').end).toEqual({ end: true, rounds, reason });
    await resumesAlike(changes, out, 2);
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
    await run(timed, out, [], testContext({ spawn }));
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
    const out = tiny.at(`timed-${configs++}`);
    await run({ ...timed, rounds: 6 }, out);
    const journal = `${out}/cells/bald-seed0/journal.jsonl`;
    const lines = readFileSync(journal, 'utf8').split('\n');
    writeFileSync(journal, `${lines.slice(0, 3).join('\n')}\n`);
    writeFileSync(`${out}/cells/bald-seed0/times.jsonl`, times);
    rmSync(`${out}/results.json`);
    await run(timed, out, ['--resume']);
    expect(journalOf(out, 'bald-seed0').rounds).toHaveLength(rounds);
  });
});
