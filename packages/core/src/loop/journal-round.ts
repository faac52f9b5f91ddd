import { DataError } from '../errors.ts';
import type { RoundRecord } from './round-record.ts';

type Check = readonly [what: string, holds: (value: unknown) => boolean];

const count: Check = ['an integer >= 0', (value) => Number.isInteger(value) && Number(value) >= 0];
const number: Check = ['a number', (value) => typeof value === 'number'];
const text: Check = ['a string', (value) => typeof value === 'string'];
const metrics: Check = [
  'an object of numbers and lists of numbers',
  (value) =>
    isObject(value) &&
    Object.values(value).every((figure) => number[1](figure) || all(number)(figure)),
];

const REQUIRED: Readonly<Record<string, Check>> = {
  round: count,
  labelled: count,
  pool: [
    '{ size, scored }, integers >= 0',
    (value) => isObject(value) && count[1](value.size) && count[1](value.scored),
  ],
  train: metrics,
  test: metrics,
  acquired: ['a list of strings', all(text)],
  scores: ['a list of numbers', all(number)],
};

const OPTIONAL: Readonly<Record<string, Check>> = {
  targets: ['a list of integers and nulls', all(['', (v) => v === null || Number.isInteger(v)])],
  uncertainty: [
    '{ mean, std, min, max }',
    (value) =>
      isObject(value) && ['mean', 'std', 'min', 'max'].every((name) => number[1](value[name])),
  ],
  stopSet: [
    '{ predicted, entropy }, classes and a number',
    (value) => isObject(value) && all(count)(value.predicted) && number[1](value.entropy),
  ],
  stop: text,
};

/**
 * Checks the line of a round: its fields, and that it follows from the round before.
 *
 * @throws DataError if it does not.
 */
export function checkJournalRound(
  where: string,
  line: unknown,
  before: RoundRecord | undefined,
): RoundRecord {
  if (!isObject(line)) {
    throw new DataError(`${where}: expected a round, got ${JSON.stringify(line)}`);
  }
  for (const [name, [what, holds]] of Object.entries({ ...REQUIRED, ...OPTIONAL })) {
    const value = line[name];
    if (value === undefined && name in OPTIONAL) continue;
    if (!holds(value)) {
      throw new DataError(`${where}: bad ${name}, expected ${what}, got ${JSON.stringify(value)}`);
    }
  }
  const record = line as unknown as RoundRecord;
  const follows: readonly (readonly [string, unknown, unknown])[] = [
    ['round', before === undefined ? 0 : before.round + 1, record.round],
    ['number of scores', record.acquired.length, record.scores.length],
    ['number of targets', record.acquired.length, record.targets?.length ?? record.acquired.length],
    [
      'labelled',
      before ? before.labelled + before.acquired.length : record.labelled,
      record.labelled,
    ],
    ['stop of the round before', undefined, before?.stop],
  ];
  for (const [what, expected, got] of follows) {
    if (got !== expected) {
      throw new DataError(
        `${where}: the round does not fit, expected ${what} ${String(expected)}, got ${String(got)}`,
      );
    }
  }
  return record;
}

function all([, holds]: Check): (value: unknown) => boolean {
  return (value) => Array.isArray(value) && value.every(holds);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
