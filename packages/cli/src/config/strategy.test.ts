import { createRng } from '@baal/core';
import { describe, expect, it } from 'vitest';
import { makeHeuristic, partsOf } from './heuristic-choice.ts';
import type { HeuristicChoice } from './heuristic-config.ts';
import { parseConfig } from './parse-config.ts';
import { baselineOf, strategiesOf } from './strategy.ts';

const strategies = (text: string) =>
  strategiesOf(
    parseConfig(`name: s\ndataset: { kind: mnist }\nmodel: { kind: lenet }\n${text}`, 's.yaml'),
  );
const labels = (text: string): readonly string[] => strategies(text).map(({ label }) => label);

describe('strategiesOf', () => {
  it('calls a heuristic by its name, by its name and options, or as it is told to', () => {
    expect(
      labels(`heuristics:
  - bald
  - { kind: entropy }
  - { kind: powerBald, temperature: 0.125 }
  - { kind: powerBald, temperature: 8, label: nearly-random }
  - { kind: gibbsSampling, temperature: 1, base: margin }
  - { kind: batchBald, samples: 500 }
  - { kind: subsample, size: 200 }
  - { kind: subsample, size: 200, base: { kind: powerBald, temperature: 2 }, label: part }
`),
    ).toEqual([
      'bald',
      'entropy',
      'powerBald-temperature0.125',
      'nearly-random',
      'gibbsSampling-margin-temperature1',
      'batchBald-samples500',
      'subsample-size200',
      'part',
    ]);
  });

  it('runs every heuristic with every size of a list, over the same range of labels', () => {
    const grid = strategies(
      'heuristics: [bald, random]\ninitial: { size: 20 }\nquerySize: [5, 40, 100]\nlabels: 300\n',
    );
    expect(grid.map(({ label, querySize }) => [label, querySize])).toEqual([
      ['bald-b5', 5],
      ['bald-b40', 40],
      ['bald-b100', 100],
      ['random-b5', 5],
      ['random-b40', 40],
      ['random-b100', 100],
    ]);
    for (const { querySize, rounds } of grid) {
      const whole = 20 + (rounds - 1) * querySize;
      expect(whole).toBeGreaterThanOrEqual(300);
      expect(whole - querySize).toBeLessThan(300);
    }
  });

  it('keeps the name without a list, with 12 rounds if nothing is said', () => {
    expect(strategies('heuristics: [bald]\n')).toEqual([
      { label: 'bald', heuristic: 'bald', querySize: 10, rounds: 12 },
    ]);
    expect(strategies('heuristics: [bald]\nquerySize: 7\nlabels: 41\n')).toMatchObject([
      { label: 'bald', querySize: 7, rounds: 4 },
    ]);
  });

  it('finds the Random that each is counted against', () => {
    const all = strategies(
      'heuristics: [bald, { kind: random, label: chance }]\nquerySize: [5, 10]\nlabels: 99\n',
    );
    expect(all.map((one) => baselineOf(one, all)?.label)).toEqual([
      'chance-b5',
      'chance-b10',
      undefined,
      undefined,
    ]);
    const alone = strategies('heuristics: [bald]\n');
    expect(alone.map((one) => baselineOf(one, alone))).toEqual([undefined]);
  });
});

describe('partsOf', () => {
  it('sees through everything that is made of others, and what they go by if nothing is said', () => {
    const choice: HeuristicChoice = {
      kind: 'combine',
      heuristics: [
        { heuristic: 'margin', weight: 1 },
        { heuristic: { kind: 'subsample', size: 5, base: { kind: 'gibbsSampling' } }, weight: 1 },
      ],
    };
    const names = partsOf(choice).map((part) => (typeof part === 'string' ? part : part.kind));
    expect(names).toEqual(['combine', 'margin', 'subsample', 'gibbsSampling', 'bald']);
  });

  it.each(['powerSampling', 'gibbsSampling', 'rankBasedSampling'])(
    'knows what %s goes by: what core takes',
    async (kind) => {
      const [, base] = partsOf(kind);
      const predictions = {
        data: Float64Array.from({ length: 40 }, (_, i) => Math.sin(i * i)),
        shape: [5, 4, 2],
        kind: 'logits' as const,
        samples: 'joint' as const,
      };
      const options = { rng: createRng(kind) };
      const scores = (choice: HeuristicChoice) =>
        makeHeuristic(choice).getUncertainties(predictions, options);
      expect(scores(kind)).toEqual(scores(base as HeuristicChoice));
      expect(scores(kind)).not.toEqual(scores('entropy'));
    },
  );
});
