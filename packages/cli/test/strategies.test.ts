import { readdirSync, readFileSync } from 'node:fs';
import { encodeHeader } from '@baal/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { baal } from '../src/program.ts';
import { type TestContext, testContext } from './in-process.ts';
import { type TinyExperiment, tinyExperiment } from './tiny-experiment.ts';
import {
  bytesOf,
  journalOf,
  journalText,
  resultsOf,
  resumesAlike,
  runWhole,
} from './whole-runs.ts';

let tiny: TinyExperiment;
beforeAll(async () => {
  tiny = await tinyExperiment();
});
afterAll(() => tiny.remove());

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
    context = await runWhole(tiny, changes, whole);
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
    await resumesAlike(tiny, changes, whole, 5);
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
    await runWhole(tiny, first, out);
    await runWhole(tiny, changes, out, ['--resume']);
    expect(bytesOf(out)).toEqual(bytesOf(whole));
    const more = { ...changes, heuristics: [...changes.heuristics, 'epig'], targets: { size: 9 } };
    await runWhole(tiny, more, out, ['--resume']);
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
    await runWhole(tiny, { heuristics: ['bald'], seeds: [0], rounds: 1 }, out);
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
