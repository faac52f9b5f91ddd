import { DataError } from '../errors.ts';
import type { NdArray, NumericArray } from './example.ts';

/** What {@link decodeSafetensors} returns. */
export interface SafetensorsFile {
  /** The arrays by name, in the order of their data. */
  readonly tensors: ReadonlyMap<string, NdArray>;
  /** The file's `__metadata__`; empty if it has none. */
  readonly metadata: Readonly<Record<string, string>>;
}

type ArrayConstructor = {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBuffer, byteOffset?: number, length?: number): NumericArray;
};

const ARRAYS: Readonly<Record<string, ArrayConstructor>> = {
  F64: Float64Array,
  I64: BigInt64Array,
  F32: Float32Array,
  I32: Int32Array,
  I16: Int16Array,
  U16: Uint16Array,
  I8: Int8Array,
  U8: Uint8Array,
};

/** The reference reader's bound on the header; a length beyond it is a damaged or hostile file. */
const MAX_HEADER_BYTES = 100_000_000;

/**
 * Writes named arrays as a safetensors file: 8 bytes of header length, a JSON header, raw
 * little-endian data.
 *
 * Arrays are ordered by element size (large first), then by name in UTF-16 order, and the header is
 * padded with spaces so that the data starts at a multiple of 8: every array is aligned, and equal
 * contents give equal bytes. F64, F32, I64, I32, I16, U16, I8 and U8.
 *
 * @throws DataError if a shape does not hold its data, or a name is `__metadata__`.
 * @see https://github.com/huggingface/safetensors
 */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, NdArray>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const entries = [...tensors].sort(
    ([nameA, a], [nameB, b]) =>
      b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT || (nameA < nameB ? -1 : 1),
  );
  const fields: string[] = [];
  const keys = Object.keys(metadata).sort();
  if (keys.length > 0) {
    const pairs = keys.map((key) => `${JSON.stringify(key)}:${JSON.stringify(metadata[key])}`);
    fields.push(`"__metadata__":{${pairs.join(',')}}`);
  }
  let end = 0;
  for (const [name, tensor] of entries) {
    const start = end;
    end += tensor.data.byteLength;
    fields.push(`${JSON.stringify(name)}:${JSON.stringify(describe(name, tensor, start, end))}`);
  }
  const header = toUtf8(`{${fields.join(',')}}`);
  const headerLength = Math.ceil(header.length / 8) * 8;
  const file = new Uint8Array(8 + headerLength + end);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerLength), true);
  file.fill(0x20, 8, 8 + headerLength);
  file.set(header, 8);
  let at = 8 + headerLength;
  for (const [, { data }] of entries) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return file;
}

function describe(name: string, tensor: NdArray, start: number, end: number): object {
  if (name === '__metadata__') {
    throw new DataError('encodeSafetensors: "__metadata__" is no name for an array, rename it');
  }
  const dtype = Object.keys(ARRAYS).find(
    (key) => tensor.data instanceof (ARRAYS[key] as ArrayConstructor),
  );
  if (dtype === undefined) {
    throw new DataError(
      `encodeSafetensors: "${name}" is of an unknown element type, expected one of ${Object.keys(ARRAYS).join(', ')}`,
    );
  }
  const expected = tensor.shape.reduce((product, extent) => product * extent, 1);
  if (expected !== tensor.data.length) {
    throw new DataError(
      `encodeSafetensors: "${name}" has ${tensor.data.length} values, expected ${tensor.shape.join('*') || 1} = ${expected}`,
    );
  }
  return { dtype, shape: tensor.shape, data_offsets: [start, end] };
}

/**
 * Reads a safetensors file. Nothing in the header is trusted: lengths, offsets, shapes and types are
 * checked, and the arrays must cover the data exactly, without gap or overlap. The arrays are copies:
 * aligned, and independent of `bytes`.
 *
 * @throws DataError if the file is truncated, its header is not sound, or an element type is not
 *   one of F64, F32, I64, I32, I16, U16, I8, U8.
 */
export function decodeSafetensors(bytes: Uint8Array): SafetensorsFile {
  const { header, dataStart } = readHeader(bytes);
  const metadata: Record<string, string> = {};
  const entries: { name: string; dtype: string; shape: number[]; start: number; end: number }[] =
    [];
  for (const [name, value] of Object.entries(header)) {
    if (name === '__metadata__') Object.assign(metadata, readMetadata(value));
    else entries.push({ name, ...readEntry(name, value) });
  }
  entries.sort((a, b) => a.start - b.start || a.end - b.end);
  const tensors = new Map<string, NdArray>();
  let covered = 0;
  for (const { name, dtype, shape, start, end } of entries) {
    if (start !== covered) {
      const what = start < covered ? 'overlaps the array before it' : 'leaves a gap before it';
      fail(`"${name}" ${what}, expected data_offsets to start at ${covered}, got ${start}`);
    }
    covered = end;
    if (dataStart + end > bytes.length) {
      fail(
        `the file is truncated: "${name}" ends at byte ${dataStart + end}, the file at ${bytes.length}`,
      );
    }
    const copy = new Uint8Array(end - start); // `slice` of a Node.js Buffer would share its memory
    copy.set(bytes.subarray(dataStart + start, dataStart + end));
    const data = new (ARRAYS[dtype] as ArrayConstructor)(copy.buffer);
    tensors.set(name, { data, shape });
  }
  if (dataStart + covered !== bytes.length) {
    fail(`${bytes.length - dataStart - covered} bytes after the last array belong to none`);
  }
  return { tensors, metadata };
}

function readHeader(bytes: Uint8Array): { header: Record<string, unknown>; dataStart: number } {
  if (bytes.length < 8)
    fail(`the file is truncated, expected at least 8 bytes, got ${bytes.length}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getBigUint64(0, true);
  if (length > BigInt(Math.min(MAX_HEADER_BYTES, bytes.length - 8))) {
    fail(
      `the header claims ${length} bytes, expected at most ${Math.min(MAX_HEADER_BYTES, bytes.length - 8)} (truncated, or not a safetensors file)`,
    );
  }
  const dataStart = 8 + Number(length);
  let header: unknown;
  try {
    header = JSON.parse(fromUtf8(bytes.subarray(8, dataStart)));
  } catch (cause) {
    throw new DataError('decodeSafetensors: the header is not JSON', { cause });
  }
  if (!isRecord(header)) fail('the header is not a JSON object');
  return { header, dataStart };
}

function readMetadata(value: unknown): Record<string, string> {
  if (!isRecord(value) || Object.values(value).some((text) => typeof text !== 'string')) {
    fail('__metadata__ is not a record of strings');
  }
  return value as Record<string, string>;
}

function readEntry(
  name: string,
  value: unknown,
): { dtype: string; shape: number[]; start: number; end: number } {
  if (!isRecord(value)) fail(`"${name}" is not an object of dtype, shape and data_offsets`);
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== 'string' || !Object.hasOwn(ARRAYS, dtype)) {
    fail(
      `"${name}" has dtype ${JSON.stringify(dtype)}, expected one of ${Object.keys(ARRAYS).join(', ')}`,
    );
  }
  if (!isCounts(shape))
    fail(`"${name}" has shape ${JSON.stringify(shape)}, expected an array of counts`);
  if (
    !isCounts(offsets) ||
    offsets.length !== 2 ||
    (offsets[0] as number) > (offsets[1] as number)
  ) {
    fail(`"${name}" has data_offsets ${JSON.stringify(offsets)}, expected [start, end]`);
  }
  const [start, end] = offsets as [number, number];
  const size =
    shape.reduce((product, extent) => product * extent, 1) *
    (ARRAYS[dtype] as ArrayConstructor).BYTES_PER_ELEMENT;
  if (size !== end - start) {
    fail(
      `"${name}" has ${end - start} bytes, expected ${size} for ${dtype} of shape [${shape.join(', ')}]`,
    );
  }
  return { dtype, shape, start, end };
}

function fail(what: string): never {
  throw new DataError(`decodeSafetensors: ${what}`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}

// TextEncoder and TextDecoder belong to the platforms, not to the language; names are short.
function toUtf8(text: string): Uint8Array {
  const escaped = encodeURIComponent(text);
  const bytes: number[] = [];
  for (let i = 0; i < escaped.length; i++) {
    if (escaped[i] === '%') {
      bytes.push(Number.parseInt(escaped.slice(i + 1, i + 3), 16));
      i += 2;
    } else bytes.push(escaped.charCodeAt(i));
  }
  return Uint8Array.from(bytes);
}

function fromUtf8(bytes: Uint8Array): string {
  let escaped = '';
  for (const byte of bytes) escaped += `%${byte.toString(16).padStart(2, '0')}`;
  return decodeURIComponent(escaped);
}
