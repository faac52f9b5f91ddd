import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { labelOf } from '../src/config/strategy.ts';
import { type TinyExperiment, tinyExperiment } from './tiny-experiment.ts';
import { journalOf, resultsOf, resumesAlike, runWhole } from './whole-runs.ts';

let tiny: TinyExperiment;
beforeAll(async () => {
  tiny = await tinyExperiment();
});
afterAll(() => tiny.remove());

/** Heuristics that look at features of items, at gradients, or at both. */
const kinds = ['badge', 'coreSet', 'typiClust', 'probCover', 'lcmd', 'maxDet'];
const bases = [
  ...kinds,
  { kind: 'coldStart', first: 'probCover', base: 'badge', until: { labels: 10 }, label: 'cold' },
];
/** The same where only some of the pool is looked at. */
const parts = bases.map((base) => {
  const { label: name, ...choice } = typeof base === 'string' ? { label: base, kind: base } : base;
  return { kind: 'subsample', size: 20, base: choice, label: `part-${name}` };
});

describe('heuristics of features and gradients', () => {
  const changes = { heuristics: [...bases, ...parts, 'random'], rounds: 4, seeds: [0] };
  const labels = changes.heuristics.map((entry) => labelOf(entry) as string);
  let whole = '';
  beforeAll(async () => {
    whole = tiny.at('features');
    await runWhole(tiny, changes, whole);
  });

  it('run from one config, each to its end and by choices of its own', () => {
    expect(readdirSync(`${whole}/cells`)).toEqual(labels.map((label) => `${label}-seed0`).sort());
    const choices = labels.map((label) => {
      const { rounds, end } = journalOf(whole, `${label}-seed0`);
      expect(end).toEqual({ end: true, rounds: 4, reason: 'rounds' });
      expect(rounds.map(({ labelled }) => labelled)).toEqual([6, 9, 12, 15]);
      const acquired = rounds.flatMap((round) => round.acquired);
      expect(new Set(acquired).size).toBe(9);
      return acquired.join();
    });
    expect(new Set(choices).size).toBe(labels.length);
    expect(resultsOf(whole).strategies.map(({ heuristic }) => heuristic)).toEqual(labels);
  });

  it('start alike where a cold start has not ended, and part where it has', () => {
    const chosen = (label: string): readonly (readonly string[])[] =>
      journalOf(whole, `${label}-seed0`).rounds.map((round) => round.acquired);
    const [cold, cover] = [chosen('cold'), chosen('probCover')];
    // 6 and 9 labels are fewer than 10, 12 are not.
    expect(cold.slice(0, 2)).toEqual(cover.slice(0, 2));
    expect(cold[2]).not.toEqual(cover[2]);
  });

  it('end with the same bytes from wherever they were cut', async () => {
    await resumesAlike(tiny, changes, whole, 4);
  });

  it('are called in the report as their papers call them', () => {
    const page = readFileSync(`${whole}/report.html`, 'utf8');
    for (const name of ['BADGE', 'Core-Set', 'TypiClust', 'ProbCover', 'LCMD', 'MaxDet']) {
      expect(page).toContain(`<th scope="row">${name}</th>`);
    }
    expect(page).toContain('<th scope="row">part-badge</th>');
  });
});
