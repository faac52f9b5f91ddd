import { writeFileSync } from 'node:fs';

/** Writes an IDX file: Float32 values, or bytes if `shape` has one axis. */
export function writeIdx(path: string, shape: readonly number[], values: readonly number[]): void {
  const bytes = shape.length === 1;
  const size = bytes ? 1 : 4;
  const offset = 4 + 4 * shape.length;
  const file = Buffer.alloc(offset + size * values.length);
  file.set([0, 0, bytes ? 0x08 : 0x0d, shape.length]);
  for (const [axis, extent] of shape.entries()) file.writeUInt32BE(extent, 4 + 4 * axis);
  for (const [i, value] of values.entries()) {
    if (bytes) file.writeUInt8(value, offset + i);
    else file.writeFloatBE(value, offset + 4 * i);
  }
  writeFileSync(path, file);
}
