import { writeFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';

/** NumPy's names of the types that tests write. */
const types = { '<f4': Float32Array, '<f8': Float64Array, '<i4': Int32Array } as const;

/** An array as `numpy.save` writes it; `<i8` for whole numbers. */
export interface NpyArray {
  readonly type: keyof typeof types | '<i8';
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

function npyBytes({ type, shape, values }: NpyArray): Buffer {
  const extents = `(${shape.join(', ')}${shape.length === 1 ? ',' : ''})`;
  const text = `{'descr': '${type}', 'fortran_order': False, 'shape': ${extents}, }`;
  const header = `${text.padEnd(Math.ceil((text.length + 11) / 64) * 64 - 11)}\n`;
  const start = Buffer.alloc(10);
  start.write('\x93NUMPY\x01\x00', 'latin1');
  start.writeUInt16LE(header.length, 8);
  const data = type === '<i8' ? BigInt64Array.from(values, BigInt) : new types[type](values);
  return Buffer.concat([start, Buffer.from(header), new Uint8Array(data.buffer)]);
}

/** Writes a .npy file. */
export function writeNpy(path: string, array: NpyArray): void {
  writeFileSync(path, npyBytes(array));
}

/** Writes a .npz file, a zip archive with its files stored. */
export function writeNpz(path: string, arrays: Readonly<Record<string, NpyArray>>): void {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [key, array] of Object.entries(arrays)) {
    const [name, data] = [Buffer.from(`${key}.npy`), npyBytes(array)];
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt32LE(crc32(data), 14);
    local.writeUInt32LE(data.length, 18);
    local.writeUInt32LE(data.length, 22);
    local.writeUInt16LE(name.length, 26);
    const central = Buffer.alloc(46);
    central.writeUInt32LE(0x02014b50, 0);
    local.copy(central, 16, 14, 28);
    central.writeUInt32LE(offset, 42);
    parts.push(local, name, data);
    directory.push(central, name);
    offset += local.length + name.length + data.length;
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(Object.keys(arrays).length, 10);
  end.writeUInt32LE(Buffer.concat(directory).length, 12);
  end.writeUInt32LE(offset, 16);
  writeFileSync(path, Buffer.concat([...parts, ...directory, end]));
}
