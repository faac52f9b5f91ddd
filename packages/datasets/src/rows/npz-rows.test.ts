import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { npzRows } from './npz-rows.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'baal-npz-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(bytes: Uint8Array): string {
  const path = join(folder, 'pool.npz');
  writeFileSync(path, bytes);
  return path;
}

/*
 * NumPy 1.24.2, CPython's zipfile:
 *   ids = np.array([[101, 7, 102], [101, 102, 0]], dtype=np.int64); mask = (ids != 0).astype(np.int64)
 *   plain:    np.savez(path, input_ids=ids, attention_mask=mask)
 *   deflated: np.savez_compressed(path, input_ids=ids, attention_mask=mask)
 *   long:     zipfile.ZIP64_LIMIT = 0; np.savez(path, v=np.array([1, 2], dtype=np.uint8))
 */
const archives = {
  plain: [
    'UEsDBC0AAAAAAAAAIQBrqMX0//////////8NABQAaW5wdXRfaWRzLm5weQEAEACwAAAAAAAAALAAAAAAAAAAk05VTVBZAQB2AHsn',
    'ZGVzY3InOiAnPGk4JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsIDMpLCB9ICAgICAgICAgICAgICAgICAg',
    'ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAplAAAAAAAAAAcAAAAAAAAAZgAAAAAAAABlAAAAAAAAAGYA',
    'AAAAAAAAAAAAAAAAAABQSwMELQAAAAAAAAAhAEdg9mL//////////xIAFABhdHRlbnRpb25fbWFzay5ucHkBABAAsAAAAAAAAACw',
    'AAAAAAAAAJNOVU1QWQEAdgB7J2Rlc2NyJzogJzxpOCcsICdmb3J0cmFuX29yZGVyJzogRmFsc2UsICdzaGFwZSc6ICgyLCAzKSwg',
    'fSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAKAQAAAAAAAAABAAAAAAAA',
    'AAEAAAAAAAAAAQAAAAAAAAABAAAAAAAAAAAAAAAAAAAAUEsBAi0DLQAAAAAAAAAhAGuoxfSwAAAAsAAAAA0AAAAAAAAAAAAAAIAB',
    'AAAAAGlucHV0X2lkcy5ucHlQSwECLQMtAAAAAAAAACEAR2D2YrAAAACwAAAAEgAAAAAAAAAAAAAAgAHvAAAAYXR0ZW50aW9uX21h',
    'c2subnB5UEsFBgAAAAACAAIAewAAAOMBAAAAAA==',
  ].join(''),
  deflated: [
    'UEsDBC0AAAAIAAAAIQBrqMX0//////////8NABQAaW5wdXRfaWRzLm5weQEAEACwAAAAAAAAAFMAAAAAAAAAm+wX6hsQychQxlCt',
    'npJanFykbqWgbpNpoa6joJ6WX1RSlJgXn1+UkgoSd0vMKU4FihdnJBakAvkaRjoKxpo6CrUKZAOuVAYIYIfSaVA6FY0PAwBQSwME',
    'LQAAAAgAAAAhAEdg9mL//////////xIAFABhdHRlbnRpb25fbWFzay5ucHkBABAAsAAAAAAAAABNAAAAAAAAAJvsF+obEMnIUMZQ',
    'rZ6SWpxcpG6loG6TaaGuo6Cell9UUpSYF59flJIKEndLzClOBYoXZyQWpAL5GkY6CsaaOgq1CmQDLkYGCCBEwwAAUEsBAi0DLQAA',
    'AAgAAAAhAGuoxfRTAAAAsAAAAA0AAAAAAAAAAAAAAIABAAAAAGlucHV0X2lkcy5ucHlQSwECLQMtAAAACAAAACEAR2D2Yk0AAACw',
    'AAAAEgAAAAAAAAAAAAAAgAGSAAAAYXR0ZW50aW9uX21hc2subnB5UEsFBgAAAAACAAIAewAAACMBAAAAAA==',
  ].join(''),
  long: [
    'UEsDBC0AAAAAAAAAIQBiAmVf//////////8FABQAdi5ucHkBABAAggAAAAAAAACCAAAAAAAAAJNOVU1QWQEAdgB7J2Rlc2NyJzog',
    'J3x1MScsICdmb3J0cmFuX29yZGVyJzogRmFsc2UsICdzaGFwZSc6ICgyLCksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAg',
    'ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAKAQJQSwECLQMtAAAAAAAAACEAYgJlX///////////BQAUAAAAAAAAAAAA',
    'gAEAAAAAdi5ucHkBABAAggAAAAAAAACCAAAAAAAAAFBLBgYsAAAAAAAAAC0ALQAAAAAAAAAAAAEAAAAAAAAAAQAAAAAAAABHAAAA',
    'AAAAALkAAAAAAAAAUEsGBwAAAAAAAQAAAAAAAAEAAABQSwUGAAAAAAEAAQBHAAAAuQAAAAAA',
  ].join(''),
};
const archive = (name: keyof typeof archives): Buffer => Buffer.from(archives[name], 'base64');

/** All values of an array, from a row on. */
async function read(path: string, name: string, size: number, start = 0): Promise<number[]> {
  const open = (await npzRows(path)).get(name);
  const values: number[] = [];
  for await (const { inputs } of (await open?.('double'))?.chunks(size, start) ?? []) {
    values.push(...inputs);
  }
  return values;
}

describe('npzRows', () => {
  it.each(['plain', 'deflated'] as const)('reads arrays by name, %s', async (kind) => {
    const path = file(archive(kind));
    const arrays = await npzRows(path);
    expect([...arrays.keys()]).toEqual(['input_ids', 'attention_mask']);
    const ids = await arrays.get('input_ids')?.();
    expect([ids?.inputShape, ids?.length]).toEqual([[3], 2]);
    for (const size of [1, 2, 5]) {
      expect(await read(path, 'input_ids', size)).toEqual([101, 7, 102, 101, 102, 0]);
      expect(await read(path, 'attention_mask', size, 1)).toEqual([1, 1, 0]);
      expect(await read(path, 'attention_mask', size, 2)).toEqual([]);
    }
  });

  it('reads sizes and places that take 64 bits', async () => {
    const bytes = archive('long');
    expect(await read(file(bytes), 'v', 5)).toEqual([1, 2]);
    // The last record leaves the size and the place of the directory to the 64-bit one.
    const end = bytes.length - 22;
    for (const field of [12, 16]) bytes.writeUInt32LE(0xffffffff, end + field);
    expect(await read(file(bytes), 'v', 5)).toEqual([1, 2]);
  });

  it('reads an archive with a comment', async () => {
    const bytes = archive('plain');
    bytes.writeUInt16LE(5, bytes.length - 2);
    const path = file(Buffer.concat([bytes, Buffer.from('hello')]));
    expect(await read(path, 'input_ids', 1, 1)).toEqual([101, 102, 0]);
  });

  it('refuses arrays with a bit that is not as it was packed, wherever reading begins', async () => {
    const flipped = archive('plain');
    // The lowest bit of the first id, 101, after the local header and that of the array.
    const at = flipped.indexOf(101, flipped.indexOf('NUMPY') + 122);
    flipped.writeUInt8(100, at);
    for (const start of [0, 1, 2]) {
      await expect(read(file(flipped), 'input_ids', 1, start)).rejects.toThrow(
        'pool.npz: input_ids.npy: the array is damaged, expected bytes of the CRC-32',
      );
    }
    expect(await read(file(flipped), 'attention_mask', 1)).toEqual([1, 1, 1, 1, 1, 0]);
    const encrypted = archive('plain');
    const directory = encrypted.indexOf(Buffer.of(0x50, 0x4b, 1, 2));
    encrypted.writeUInt16LE(1, directory + 8);
    await expect(npzRows(file(encrypted))).rejects.toThrow("'input_ids.npy' is encrypted");
  });

  it('refuses what is no archive, or was cut', async () => {
    const whole = archive('plain');
    await expect(npzRows(file(whole.subarray(0, 400)))).rejects.toThrow('not a zip archive');
    await expect(npzRows(file(Buffer.alloc(0)))).rejects.toThrow('not a zip archive');
    await expect(npzRows(file(whole.subarray(9)))).rejects.toThrow('damaged or cut short');
    await expect(npzRows(join(folder, 'gone.npz'))).rejects.toThrow('does not exist');
    const packed = archive('deflated');
    packed.fill(1, 63, 70);
    await expect(read(file(packed), 'input_ids', 1)).rejects.toThrow('cannot read the file');
    const emptied = archive('plain');
    emptied.write('txt', emptied.lastIndexOf('input_ids.npy') + 10);
    emptied.write('txt', emptied.lastIndexOf('attention_mask.npy') + 15);
    await expect(npzRows(file(emptied))).rejects.toThrow('holds no arrays');
  });
});
