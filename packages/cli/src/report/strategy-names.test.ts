import { HEURISTIC_NAMES } from '@baal/core';
import { describe, expect, it } from 'vitest';
import type { ExperimentConfig } from '../config/config.ts';
import { parseConfig } from '../config/parse-config.ts';
import { baselineOf, strategiesOf } from '../config/strategy.ts';
import { strategyLooks } from './strategy-colours.ts';
import { strategyName, strategyNames } from './strategy-names.ts';

const config = (text: string): ExperimentConfig =>
  parseConfig(`name: s\ndataset: { kind: mnist }\nmodel: { kind: lenet }\n${text}`, 's.yaml');
const names = (text: string): readonly string[] => strategiesOf(config(text)).map(strategyName);

describe('strategyName', () => {
  it('has a name for every heuristic of core, different from all others', () => {
    const all = HEURISTIC_NAMES.map((kind) =>
      strategyName({ label: kind, heuristic: kind, querySize: 1, rounds: 1 }),
    );
    for (const [i, name] of all.entries()) expect(name).not.toBe(HEURISTIC_NAMES[i]);
    expect(new Set(all).size).toBe(HEURISTIC_NAMES.length);
    expect(all).toEqual(expect.arrayContaining(['BADGE', 'Core-Set', 'TypiClust', 'ProbCover']));
  });

  it('adds the options and the query size that labels are made of', () => {
    expect(
      names(`heuristics:
  - badge
  - { kind: powerBald, temperature: 0.125 }
  - { kind: subsample, size: 200, base: lcmd }
querySize: [5]
labels: 99
`),
    ).toEqual(['BADGE b5', 'PowerBALD temperature0.125 b5', 'Subsample lcmd size200 b5']);
  });

  it('leaves a label that was given as it is, whatever it reads like', () => {
    const given = ['bald-x', 'bald', 'random-b5', 'margin-b10'].map(
      (label) => `{ kind: entropy, label: ${label} }`,
    );
    const text = `heuristics: [${given.join(', ')}, entropy]\n`;
    expect(names(text)).toEqual(['bald-x', 'bald', 'random-b5', 'margin-b10', 'Entropy']);
  });
});

describe('strategyNames', () => {
  it('knows labels by their experiment, the first one where there are several', () => {
    const first = config('heuristics: [{ kind: entropy, label: bald }, random]\n');
    const nameOf = strategyNames(first, config('heuristics: [bald, margin]\n'));
    expect(['bald', 'random', 'margin', 'other'].map(nameOf)).toEqual([
      ...['bald', 'Random', 'Margin', 'other'],
    ]);
  });
});

describe('strategyLooks', () => {
  it.each([
    ['heuristics: [bald, { kind: random, label: chance }]\n', ['chance']],
    ['heuristics: [{ kind: bald, label: random }, { kind: random, label: x }]\n', ['x']],
    ['heuristics: [{ kind: bald, label: random }]\n', []],
    ['heuristics: [bald, random]\nquerySize: [5, 10]\nlabels: 99\n', []],
  ])('%s has grey what the others are counted against', (text, grey) => {
    const strategies = strategiesOf(config(text));
    const looks = strategyLooks(strategies);
    const greys = looks.filter(({ colour }) => colour === 'var(--baseline)');
    expect(greys.map(({ label }) => label)).toEqual(grey);
    const against = strategies.map((one) => baselineOf(one, strategies)?.label);
    for (const label of grey) expect(against).toContain(label);
  });
});
