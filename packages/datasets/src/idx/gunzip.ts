import { DataError } from '@baal/core';

/** Whether bytes begin as a gzip file does. */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes.length >= 2 && bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/**
 * Unpacks gzip bytes with the platform's own decoder (Node.js and browsers have the same one).
 *
 * `sizeOf` looks at the first unpacked bytes and says how many there should be in all, or undefined
 * while it cannot tell: a file that unpacks to more stops there, instead of filling the memory.
 * Deterministic; O(unpacked bytes).
 *
 * @throws DataError if the bytes are damaged, cut short, or unpack to more than they should.
 */
export async function gunzip(
  bytes: Uint8Array,
  path: string,
  sizeOf: (start: Uint8Array) => number | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  const packed = new Blob([bytes as Uint8Array<ArrayBuffer>]);
  const reader = packed.stream().pipeThrough(new DecompressionStream('gzip')).getReader();
  let unpacked: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  let length = 0;
  let expected: number | undefined;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      unpacked = withRoom(unpacked, length, length + value.length, expected);
      unpacked.set(value, length);
      length += value.length;
      expected ??= sizeOf(unpacked.subarray(0, length));
      if (expected !== undefined && length > expected) {
        throw new DataError(
          `readIdx: ${path}: the file is too long, expected ${expected} bytes after unpacking, got more`,
        );
      }
    }
  } catch (cause) {
    await reader.cancel().catch(() => {});
    if (cause instanceof DataError) throw cause;
    throw new DataError(
      `readIdx: ${path}: the gzip data are cut short or damaged after ${length} unpacked bytes` +
        `${expected === undefined ? '' : `, expected ${expected}`}; fetch the file again`,
      { cause },
    );
  }
  return unpacked.subarray(0, length);
}

/** `buffer` itself, or a longer copy. Grows by doubling: memory follows what was really unpacked. */
function withRoom(
  buffer: Uint8Array<ArrayBuffer>,
  used: number,
  needed: number,
  expected: number | undefined,
): Uint8Array<ArrayBuffer> {
  if (needed <= buffer.length) return buffer;
  const doubled = Math.max(needed, 2 * buffer.length, 1 << 16);
  const room = expected === undefined ? doubled : Math.max(needed, Math.min(doubled, expected));
  const larger = new Uint8Array(room);
  larger.set(buffer.subarray(0, used));
  return larger;
}
