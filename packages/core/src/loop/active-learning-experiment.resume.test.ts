import { describe, expect, it } from 'vitest';
import { counting, make, type Options } from '../../test/experiments.ts';
import { StateError } from '../errors.ts';
import { bald } from '../heuristics/bald.ts';
import { entropy } from '../heuristics/entropy.ts';
import { random } from '../heuristics/random.ts';
import { createRng } from '../random/create-rng.ts';
import type { ExperimentEvent } from './active-learning-experiment.ts';
import { earlyStopping } from './early-stopping.ts';
import { decodeJournal, encodeHeader, encodeRound } from './journal.ts';
import type { RoundRecord } from './round-record.ts';

describe('interrupted and resumed', () => {
  const settings = (): Partial<Options> => ({
    pool: { maxSamples: 12 },
    stop: [earlyStopping({ metric: 'accuracy', patience: 5, epsilon: 0.02 })],
    rounds: 6,
  });

  it.each([bald(), entropy(), random()])(
    'depends on the seed, and on nothing else: $name',
    async (heuristic) => {
      const run = (changes: Partial<Options> = {}) =>
        make({ ...settings(), heuristic, ...changes }).experiment.start();
      const one = await run();
      expect(await run()).toEqual(one);
      const other = await run({ rng: createRng('other') });
      expect(other.map(({ acquired }) => acquired)).not.toEqual(
        one.map(({ acquired }) => acquired),
      );
    },
  );

  it('depends on nothing else with a heuristic of one function either', async () => {
    const one = await make(settings()).experiment.start();
    expect(await make(settings()).experiment.start()).toEqual(one);
    const other = await make({ ...settings(), rng: createRng('other') }).experiment.start();
    expect(other[0]?.acquired).not.toEqual(one[0]?.acquired);
  });

  it('equals an uninterrupted run, wherever it was interrupted', async () => {
    const straight = await make(settings()).experiment.start();
    expect(straight.length).toBeGreaterThan(4);
    const lines = straight.map(encodeRound);
    for (let cut = 0; cut <= straight.length; cut++) {
      const text = encodeHeader({ config: null, cell: { heuristic: 'x', seed: 0 } });
      const journal = decodeJournal(`${text}${lines.slice(0, cut).join('')}{"round":`);
      const { experiment } = make(settings());
      expect(experiment.replay(journal.rounds)).toBe(cut);
      const resumed: RoundRecord[] = [];
      for await (const record of experiment.run()) resumed.push(record);
      expect(resumed).toEqual(straight.slice(cut));
      expect(resumed.map(encodeRound)).toEqual(lines.slice(cut));
    }
  });

  it('reminds a criterion with memory of the rounds before', async () => {
    const plateau = { stop: [earlyStopping({ metric: 'accuracy', patience: 3 })], querySize: 1 };
    const straight = await counting(plateau).experiment.start();
    expect(straight.map(({ stop }) => stop)).toEqual([undefined, undefined, 'earlyStopping']);
    const { experiment } = counting({
      ...plateau,
      stop: [earlyStopping({ metric: 'accuracy', patience: 3 })],
    });
    experiment.replay(straight.slice(0, 2));
    expect(await experiment.start()).toEqual(straight);
  });

  it('shows a criterion with memory no round twice, though a round was begun twice', async () => {
    const controller = new AbortController();
    const reason = new Error('at the last moment');
    const plateau = {
      querySize: 1,
      stop: [earlyStopping({ metric: 'accuracy', patience: 3 })],
      targetOf: () => {
        controller.abort(reason); // in round 0, after the criteria were asked
        return null;
      },
    };
    const { experiment, dataset } = counting(plateau);
    await expect(experiment.start({ signal: controller.signal })).rejects.toBe(reason);
    expect(dataset.nLabelled).toBe(10);
    const records = await experiment.start();
    expect(records.map(({ stop }) => stop)).toEqual([undefined, undefined, 'earlyStopping']);
  });

  it('takes up the unfinished round after an abort in any phase', async () => {
    const straight = await make(settings()).experiment.start();
    for (const phase of ['train', 'evaluate', 'predict'] as const) {
      const controller = new AbortController();
      const reason = new Error(`stopped in ${phase}`);
      const { experiment, dataset } = make(settings());
      const records: RoundRecord[] = [];
      const run = async (): Promise<void> => {
        const options = {
          signal: controller.signal,
          onEvent: (event: ExperimentEvent) => {
            const stops = event.type === 'progress' && event.round === 2;
            if (stops && event.progress.phase === phase) controller.abort(reason);
          },
        };
        for await (const record of experiment.run(options)) records.push(record);
      };
      await expect(run()).rejects.toBe(reason);
      expect(records).toEqual(straight.slice(0, 2));
      expect(dataset.nLabelled).toBe(14); // those of the finished rounds
      for await (const record of experiment.run()) records.push(record);
      expect(records).toEqual(straight);
    }
  });

  it('starts at the round it is told, on a dataset that was restored otherwise', async () => {
    const straight = await make({ rounds: 4 }).experiment.start();
    const { experiment, dataset } = make({ rounds: 4 });
    for (const { acquired } of straight.slice(0, 2)) dataset.labelIds(acquired);
    expect(await experiment.start({ startRound: 2 })).toEqual(straight.slice(2));
  });

  it('refuses records of another run', async () => {
    const records = await counting().experiment.start();
    expect(() => counting().experiment.replay(records.slice(1))).toThrow(/"round":0.*"round":1/);
    expect(() => counting({}, 21).experiment.replay(records)).toThrow(StateError);
    expect(() => counting({}, 20, 9).experiment.replay(records)).toThrow(StateError);
    const { experiment } = counting();
    experiment.replay(records);
    const more = { ...(records[2] as RoundRecord), round: 3 };
    expect(() => experiment.replay([more])).toThrow(/comes after the end/);
  });
});
