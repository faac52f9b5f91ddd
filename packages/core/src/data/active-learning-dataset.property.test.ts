import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PoolExhaustedError } from '../errors.ts';
import { createRng } from '../random/create-rng.ts';
import { ActiveLearningDataset } from './active-learning-dataset.ts';
import { arrayDataset } from './array-dataset.ts';
import type { Dataset, PoolIndex } from './dataset.ts';
import { poolIndex } from './positions.ts';

const at = (...positions: number[]): PoolIndex[] => positions.map(poolIndex);

/** The simplest thing that could be right: an array of steps, scanned at every question. */
class NaiveDataset {
  steps: number[] = [];
  readonly lastActiveSteps: number;
  constructor(lastActiveSteps: number) {
    this.lastActiveSteps = lastActiveSteps;
  }
  get step(): number {
    return Math.max(0, ...this.steps);
  }
  get unlabelled(): number[] {
    return this.steps.flatMap((step, i) => (step === 0 ? [i] : []));
  }
  get active(): number[] {
    const oldest = this.lastActiveSteps === -1 ? 0 : Math.max(0, this.step - this.lastActiveSteps);
    return this.steps.flatMap((step, i) => (step > oldest ? [i] : []));
  }
  label(positions: number[]): void {
    const { unlabelled, step } = this;
    for (const position of positions) this.steps[unlabelled[position] as number] = step + 1;
  }
}

describe('any sequence of calls', () => {
  it('agrees with a scan of the map', () => {
    const action = fc.oneof(
      fc.record({ op: fc.constant('append' as const), n: fc.nat(4) }),
      fc.record({
        op: fc.constant('label' as const),
        picks: fc.array(fc.nat(40), { maxLength: 5 }),
      }),
      fc.record({ op: fc.constant('random' as const), n: fc.nat(6) }),
      fc.record({ op: fc.constant('reset' as const) }),
      fc.record({ op: fc.constant('reload' as const) }),
    );
    const lastActiveSteps = fc.constantFrom(-1, 1, 2, 3);
    fc.assert(
      fc.property(lastActiveSteps, fc.array(action, { maxLength: 30 }), (last, actions) => {
        const items: number[] = [];
        const rng = createRng('sequence');
        const dataset = new ActiveLearningDataset(arrayDataset(items), {
          lastActiveSteps: last,
          rng,
        });
        const naive = new NaiveDataset(last);
        for (const act of actions) {
          const size = naive.unlabelled.length;
          if (act.op === 'append') {
            for (let i = 0; i < act.n; i++) {
              naive.steps.push(0);
              items.push(items.length);
            }
          } else if (act.op === 'label') {
            const picks = [...new Set(act.picks)].filter((pick) => pick < size);
            dataset.label(at(...picks));
            naive.label(picks);
          } else if (act.op === 'random') {
            const before = dataset.labelledMap;
            if (act.n > size)
              expect(() => dataset.labelRandomly(act.n)).toThrow(PoolExhaustedError);
            else {
              dataset.labelRandomly(act.n);
              const changed = dataset.labelledMap.flatMap((s, i) => (s === before[i] ? [] : [i]));
              expect(changed).toHaveLength(act.n);
              naive.label(changed.map((index) => naive.unlabelled.indexOf(index)));
            }
          } else if (act.op === 'reset') {
            dataset.resetLabelled();
            naive.steps.fill(0);
          } else {
            dataset.loadStateDict(dataset.stateDict());
          }
          expect(dataset.labelledMap).toEqual(naive.steps);
          expect(dataset.nLabelled).toBe(naive.steps.filter((step) => step > 0).length);
          expect(dataset.nUnlabelled).toBe(naive.unlabelled.length);
          expect(dataset.currentAlStep).toBe(naive.step);
          const shown = Array.from({ length: dataset.length }, (_, i) => dataset.get(i));
          expect(shown).toEqual(naive.active);
          const { pool } = dataset;
          expect(pool.positions.map((position) => pool.get(position))).toEqual(naive.unlabelled);
          for (const position of pool.positions) {
            expect(dataset.datasetToPool(dataset.poolToDataset(position))).toBe(position);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  it('costs no scan an access: a million items, a million reads', () => {
    const n = 1_000_000;
    let reads = 0;
    const source: Dataset<number> = {
      length: n,
      get: (index) => {
        reads += 1;
        return index;
      },
    };
    const dataset = new ActiveLearningDataset(source, { labelled: new Uint8Array(n).fill(1) });
    let sum = 0;
    // With a scan of the map at every access this would be 1e12 steps and never end.
    for (let i = 0; i < dataset.length; i++) sum += dataset.get(i) as number;
    expect(sum).toBe((n * (n - 1)) / 2);
    expect(reads).toBe(n);
  });
});
