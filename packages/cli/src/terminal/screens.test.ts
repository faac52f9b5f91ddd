import type { RoundRecord } from '@baal/core';
import { describe, expect, it } from 'vitest';
import type { GridEvent } from '../run/events.ts';
import { painter } from './colours.ts';
import { liveScreen } from './live-screen.ts';
import { plainScreen } from './plain-screen.ts';
import { duration, phaseText } from './progress-words.ts';
import { timeLeft } from './time-left.ts';

const cell = (label: string, seed: number) => ({
  strategy: { label, heuristic: label, querySize: 10, rounds: 3 },
  seed,
  name: `${label}-seed${seed}`,
});
const record = (round: number, stop?: string): RoundRecord => ({
  round,
  labelled: 20 + 10 * round,
  pool: { size: 100, scored: 100 },
  train: {},
  test: { accuracy: 0.5 + 0.1 * round },
  acquired: [],
  scores: [],
  ...(stop === undefined ? {} : { stop }),
});
const bald = cell('bald', 0);
const random = cell('random', 0);
const events: readonly GridEvent[] = [
  { type: 'start', cell: bald, done: [] },
  { type: 'start', cell: random, done: [record(0), record(1)] },
  { type: 'progress', cell: bald, progress: { round: 0, phase: 'train', share: 0.5 } },
  { type: 'round', cell: bald, record: record(0), seconds: 4 },
  { type: 'progress', cell: bald, progress: { round: 1, phase: 'predict', share: 0.25 } },
  { type: 'round', cell: random, record: record(2, 'rounds'), seconds: 2 },
  { type: 'end', cell: random, outcome: { type: 'finished' } },
  { type: 'end', cell: bald, outcome: { type: 'failed', message: 'the loss is NaN' } },
];

describe('liveScreen', () => {
  const frames: string[] = [];
  const kept: string[] = [];
  const screen = liveScreen({
    frame: {
      draw: (text) => frames.push(text),
      persist: (text) => kept.push(text),
      done: () => undefined,
    },
    paint: painter(false, {}),
    cells: [bald, random],
    jobs: 2,
  });
  for (const event of events) screen.show(event);

  it('has a line for each running cell and one for the whole, within 80 columns', () => {
    expect(frames).toHaveLength(events.length);
    expect(frames[4]?.split('\n')).toEqual([
      'bald        seed 0    round 2/3     20 labels   50.0%  score 25%      ETA 0:08',
      'random      seed 0    round 3/3     30 labels   60.0%                 ETA –',
      '0 of 2 cells done, 0:08 left',
    ]);
    for (const line of frames.join('\n').split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });

  it('shows a phase while it lasts', () => {
    expect(frames[2]).toContain('round 1/3      – labels       –  train 50%');
    expect(frames[3]).not.toContain('train');
  });

  it('keeps what failed above the frame', () => {
    expect(kept).toEqual(['bald-seed0 failed: the loss is NaN']);
    expect(frames.at(-1)).toMatch(/^2 of 2 cells done/);
  });
});

describe('plainScreen', () => {
  it('writes a line a round, and says how cells went on or failed', () => {
    const lines: string[] = [];
    const screen = plainScreen({
      isTerminal: false,
      width: 80,
      line: (text) => lines.push(text),
    });
    for (const event of events) screen.show(event);
    expect(lines).toEqual([
      'random-seed0  continues after round 2/3',
      'bald-seed0  round 1/3  20 labels  accuracy 50.0%  0:04',
      'random-seed0  round 3/3  40 labels  accuracy 70.0%  0:02  end (rounds)',
      'bald-seed0  failed: the loss is NaN',
    ]);
  });
});

describe('words', () => {
  it('tells durations and phases', () => {
    expect([undefined, 4.4, 65, 7380].map(duration)).toEqual(['–', '0:04', '1:05', '2 h 03']);
    expect(phaseText({ round: 0, phase: 'evaluate' })).toBe('evaluate');
  });

  it('guesses the time left from the last three rounds', () => {
    expect(timeLeft([], 5)).toBeUndefined();
    expect(timeLeft([100, 1, 2, 3], 5)).toBe(10);
  });
});
