import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ExampleId } from '../data/dataset.ts';
import { DataError, NumericalError } from '../errors.ts';
import type { Json } from './canonical-json.ts';
import { configHash, decodeJournal, encodeEnd, encodeHeader, encodeRound } from './journal.ts';
import type { RoundRecord } from './round-record.ts';

const config: Json = { querySize: 2, model: { kind: 'mlp', hidden: [8, 8] }, name: 'größe' };
const cell = { heuristic: 'bald', seed: 7 };

const record = (round: number, changes: Partial<RoundRecord> = {}): RoundRecord => ({
  round,
  labelled: 10 + 2 * round,
  pool: { size: 90 - 2 * round, scored: 50 },
  train: { loss: 0.1, accuracy: 1 },
  test: { loss: 0.1 + 0.2, perClass: [1 / 3, 5e-324, -0, 1e21] },
  acquired: [`a${round}`, `b${round}`] as ExampleId[],
  scores: [0.7, 0.1 + 0.2],
  targets: [1, null],
  uncertainty: { mean: 0.25, std: 0.125, min: -0, max: 1.7976931348623157e308 },
  ...changes,
});
const last = record(2, { acquired: [], scores: [], targets: [], stop: 'rounds' });
const records = [record(0), record(1), last];
const whole =
  encodeHeader({ config, cell }) +
  records.map(encodeRound).join('') +
  encodeEnd({ rounds: 3, reason: 'rounds' });

describe('journal', () => {
  it('comes back deep-equal, and encodes to the same bytes', () => {
    const { header, rounds, end, validBytes, tornBytes } = decodeJournal(whole);
    expect(header).toEqual({
      format: 'baal-journal',
      version: 1,
      config,
      configHash: configHash(config),
      cell,
    });
    expect(rounds).toEqual(records);
    expect(end).toEqual({ end: true, rounds: 3, reason: 'rounds' });
    expect([validBytes, tornBytes]).toEqual([new TextEncoder().encode(whole).length, 0]);
    expect(rounds.map(encodeRound)).toEqual(records.map(encodeRound));
    expect(encodeHeader({ config: header?.config ?? null, cell })).toBe(
      encodeHeader({ config, cell }),
    );
    expect(whole).toMatch(/^[\n -~]*$/); // characters are bytes
  });

  it('keeps every bit of every number, and any name', () => {
    const metrics = fc.dictionary(
      fc.string({ unit: 'binary' }),
      fc.oneof(
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.array(fc.double({ noNaN: true, noDefaultInfinity: true })),
      ),
    );
    const header = encodeHeader({ config, cell });
    fc.assert(
      fc.property(metrics, fc.string({ unit: 'binary' }), (test, stop) => {
        const line = encodeRound(record(0, { test, stop }));
        const [decoded] = decodeJournal(header + line).rounds;
        expect(decoded?.stop).toBe(stop);
        expect(Object.keys(decoded?.test ?? {})).toEqual(Object.keys(test));
        for (const [name, value] of Object.entries(test))
          expect(decoded?.test[name]).toEqual(value);
        expect(encodeRound(decoded as RoundRecord)).toBe(line);
      }),
    );
  });

  it('drops what a crash tore, at every length of the file', () => {
    const ends = [...whole.matchAll(/\n/g)].map(({ index }) => index + 1);
    for (let length = 0; length <= whole.length; length++) {
      const journal = decodeJournal(whole.slice(0, length));
      const lines = ends.filter((end) => end <= length);
      expect(journal.validBytes).toBe(lines.at(-1) ?? 0);
      expect(journal.tornBytes).toBe(length - journal.validBytes);
      expect(journal.header === null).toBe(lines.length === 0);
      expect(journal.rounds).toEqual(records.slice(0, Math.max(0, lines.length - 1)));
      expect(journal.end === null).toBe(lines.length < 5);
    }
  });

  it('counts bytes, not characters, of what others wrote', () => {
    const header = encodeHeader({ config, cell });
    expect(decodeJournal(`${header}"ü€😀`)).toMatchObject({ tornBytes: 1 + 2 + 3 + 4 });
  });

  it('refuses numbers that JSON cannot hold, and says where they are', () => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => encodeRound(record(0, { test: { ece: [0, bad] } }))).toThrow(NumericalError);
      expect(() => encodeRound(record(0, { test: { ece: [0, bad] } }))).toThrow(/test\.ece\[1\]/);
      expect(() => encodeHeader({ config: { lr: bad }, cell })).toThrow(/lr is no number/);
    }
    const typed = new Float32Array(2) as unknown as number[];
    expect(() => encodeRound(record(0, { scores: typed }))).toThrow(/class Float32Array/);
    expect(() => configHash({ f: (() => 1) as unknown as Json })).toThrow(DataError);
  });

  const header = encodeHeader({ config, cell });
  const [line0, line1] = [encodeRound(record(0)), encodeRound(record(1))];
  it.each([
    ['a broken line', `${header}${line0}{"round":1\n${line1}`, /line 3 is broken, expected JSON/],
    ['an empty line', `${header}\n${line0}`, /line 2 is broken/],
    ['no header', line0, /line 1 is no header/],
    ['another version', header.replace('"version":1', '"version":2'), /expected 1, got 2/],
    ['a changed config', header.replace('"querySize":2', '"querySize":3'), /config was changed/],
    ['no cell', header.replace('"seed"', '"sead"'), /header is incomplete/],
    ['a missing round', header + line1, /line 2: the round does not fit, expected round 0, got 1/],
    ['a round twice', header + line0 + line0, /line 3.*expected round 1, got 0/],
    [
      'a labelled set that does not grow by what was acquired',
      header + line0 + line1.replace('"labelled":12', '"labelled":13'),
      /line 3.*expected labelled 12, got 13/,
    ],
    [
      'scores missing',
      header + line0.replace(',0.30000000000000004', ''),
      /number of scores 2, got 1/,
    ],
    ['a text for a number', header + line0.replace('"loss":0.1,', '"loss":"0.1",'), /bad train/],
    ['no uncertainty mean', header + line0.replace('"mean"', '"m"'), /line 2: bad uncertainty/],
    ['a list', `${header}[1]\n`, /line 2: expected a round/],
    [
      'a round after the last',
      header + encodeRound(record(0, { stop: 'pool' })) + line1,
      /line 3.*stop of the round before/,
    ],
    ['a wrong end', header + line0 + encodeEnd({ rounds: 2, reason: 'x' }), /line 3: the end/],
    ['more after the end', whole + line0, /line 6 comes after the end/],
  ])('refuses %s', (_, text, message) => {
    expect(() => decodeJournal(text)).toThrow(message);
    expect(() => decodeJournal(text)).toThrow(DataError);
  });
});

describe('configHash', () => {
  const json = fc.letrec<{ value: Json }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      fc.constant(null),
      fc.boolean(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.string(),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.string(), tie('value'), { maxKeys: 4 }),
    ) as fc.Arbitrary<Json>,
  })).value;
  const reversed = (value: Json): Json => {
    if (Array.isArray(value)) return value.map(reversed);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .reverse()
        .map(([key, field]) => [key, reversed(field as Json)]),
    );
  };

  it('does not depend on the order of keys', () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(configHash(reversed(value))).toBe(configHash(value));
      }),
    );
  });

  it('tells different configs apart', () => {
    const different = [
      {},
      [],
      null,
      0,
      '0',
      { a: 1 },
      { a: '1' },
      { a: [1] },
      { b: 1 },
      [0],
      [[0]],
    ];
    expect(new Set(different.map((value) => configHash(value as Json))).size).toBe(
      different.length,
    );
    expect(configHash(config)).toMatch(/^[0-9a-f]{32}$/);
  });
});
