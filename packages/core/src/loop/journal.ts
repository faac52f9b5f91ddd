import { DataError } from '../errors.ts';
import { hashKey } from '../random/hash-key.ts';
import { encodeJson, type Json } from './canonical-json.ts';
import { checkJournalRound } from './journal-round.ts';
import type { RoundRecord } from './round-record.ts';

/** Version of the journal that is written and read. */
export const JOURNAL_VERSION = 1;

const FORMAT = 'baal-journal';

/** First line of a journal: what was run. */
export interface JournalHeader {
  /** Always `baal-journal`. */
  readonly format: 'baal-journal';
  /** {@link JOURNAL_VERSION}. */
  readonly version: 1;
  /** Everything the run depends on, as plain data. */
  readonly config: Json;
  /** {@link configHash} of `config`. */
  readonly configHash: string;
  /** Which run of the config this is. */
  readonly cell: JournalCell;
}

/** One run of an experiment grid. */
export interface JournalCell {
  /** Name of the heuristic. */
  readonly heuristic: string;
  /** Seed of the run. */
  readonly seed: number | string;
}

/** Last line of a journal: the run is complete. */
export interface JournalEnd {
  /** Always true. */
  readonly end: true;
  /** Number of records before this line. */
  readonly rounds: number;
  /** What ended the run: `stop` of the last record. */
  readonly reason: string;
}

/** A journal as it was read. */
export interface Journal {
  /** First line; `null` if not even that is complete. */
  readonly header: JournalHeader | null;
  /** Records of the rounds 0, 1, 2, … */
  readonly rounds: readonly RoundRecord[];
  /** Last line; `null` if the run is not complete. */
  readonly end: JournalEnd | null;
  /** UTF-8 length of the complete lines: cut the file here before appending. */
  readonly validBytes: number;
  /** UTF-8 length of the torn last line that was dropped; 0 if there is none. */
  readonly tornBytes: number;
}

/**
 * Hash of a config: 32 hexadecimal digits, the same whatever the order of the keys. 128 bits of
 * MurmurHash3; it tells configs apart, it keeps no secrets.
 *
 * @throws NumericalError or DataError if the config is no plain data.
 */
export function configHash(config: Json): string {
  const words = hashKey(['baal-config', encodeJson(config, 'sorted')]);
  return words.map((word) => word.toString(16).padStart(8, '0')).join('');
}

/**
 * The first line, newline included. Equal configs give equal bytes.
 *
 * @throws NumericalError or DataError if the config is no plain data.
 */
export function encodeHeader(options: {
  readonly config: Json;
  readonly cell: JournalCell;
}): string {
  const { config, cell } = options;
  const version = JOURNAL_VERSION;
  const header: JournalHeader = {
    format: FORMAT,
    version,
    config,
    configHash: configHash(config),
    cell: { heuristic: cell.heuristic, seed: cell.seed },
  };
  // The five keys of the header stay in this order; only the config is sorted.
  const fields = Object.entries(header).map(
    ([key, value]) => `"${key}":${encodeJson(value, 'sorted')}`,
  );
  return `{${fields.join(',')}}\n`;
}

/**
 * The line of a round, newline included. Decoding gives an equal record; encoding that again gives
 * the same bytes.
 *
 * @throws NumericalError if a number is NaN or infinite.
 */
export function encodeRound(record: RoundRecord): string {
  const { round, labelled, pool, train, test, acquired, scores, targets } = record;
  const { uncertainty, stopSet, stop } = record;
  const { size, scored } = pool;
  const ordered = {
    round,
    labelled,
    pool: { size, scored },
    train,
    test,
    acquired,
    scores,
    targets,
    uncertainty: uncertainty && {
      mean: uncertainty.mean,
      std: uncertainty.std,
      min: uncertainty.min,
      max: uncertainty.max,
    },
    stopSet: stopSet && { predicted: stopSet.predicted, entropy: stopSet.entropy },
    stop,
  };
  return `${encodeJson(ordered, 'as-given')}\n`;
}

/** The last line, newline included. */
export function encodeEnd(end: Omit<JournalEnd, 'end'>): string {
  return `${encodeJson({ end: true, rounds: end.rounds, reason: end.reason }, 'as-given')}\n`;
}

/**
 * Reads a journal. A line counts once its newline is there: a last line without one was torn by a
 * crash and is dropped. Everything else must be as it was written.
 *
 * @throws DataError, with the number of the line, if a line is no JSON, is of another format or
 * version, is out of order, or does not follow from the line before.
 */
export function decodeJournal(text: string): Journal {
  const valid = text.slice(0, text.lastIndexOf('\n') + 1);
  const lines = valid.split('\n').slice(0, -1);
  const sizes = {
    validBytes: utf8Length(valid),
    tornBytes: utf8Length(text.slice(valid.length)),
  };
  if (lines.length === 0) return { header: null, rounds: [], end: null, ...sizes };
  const [first, ...rest] = lines.map((line, i) => parseLine(line, i + 1));
  const header = checkHeader(first);
  const rounds: RoundRecord[] = [];
  let end: JournalEnd | null = null;
  for (const [i, line] of rest.entries()) {
    const where = `decodeJournal: line ${i + 2}`;
    if (end !== null) {
      throw new DataError(`${where} comes after the end, expected nothing after line ${i + 1}`);
    }
    if (isObject(line) && line.end === true) end = checkEnd(where, line, rounds.length);
    else rounds.push(checkJournalRound(where, line, rounds.at(-1)));
  }
  return { header, rounds, end, ...sizes };
}

function parseLine(line: string, number: number): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw new DataError(
      `decodeJournal: line ${number} is broken, expected JSON, got ${JSON.stringify(line.slice(0, 60))}`,
      { cause },
    );
  }
}

function checkHeader(line: unknown): JournalHeader {
  const where = 'decodeJournal: line 1';
  if (!isObject(line) || line.format !== FORMAT) {
    throw new DataError(
      `${where} is no header, expected an object of format '${FORMAT}', got ${JSON.stringify(line).slice(0, 60)}`,
    );
  }
  if (line.version !== JOURNAL_VERSION) {
    throw new DataError(
      `${where}: the journal is of another version, expected ${JOURNAL_VERSION}, got ${JSON.stringify(line.version)}; read it with the release that wrote it, or run the experiment again`,
    );
  }
  const { config, cell } = line;
  const known =
    isObject(cell) &&
    typeof cell.heuristic === 'string' &&
    (typeof cell.seed === 'number' || typeof cell.seed === 'string');
  if (config === undefined || !known) {
    throw new DataError(
      `${where}: the header is incomplete, expected config and cell { heuristic, seed }, got cell ${JSON.stringify(cell)}`,
    );
  }
  const expected = configHash(config as Json);
  if (line.configHash !== expected) {
    throw new DataError(
      `${where}: the config was changed, expected configHash "${expected}", got ${JSON.stringify(line.configHash)}`,
    );
  }
  return line as unknown as JournalHeader;
}

function checkEnd(where: string, line: Record<string, unknown>, rounds: number): JournalEnd {
  if (line.rounds !== rounds || typeof line.reason !== 'string') {
    throw new DataError(
      `${where}: the end does not fit, expected { end: true, rounds: ${rounds}, reason: string }, got ${JSON.stringify(line)}`,
    );
  }
  return line as unknown as JournalEnd;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Number of bytes of a string in UTF-8; lone surrogates count as the replacement character. */
function utf8Length(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const point = character.codePointAt(0) as number;
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  }
  return bytes;
}
