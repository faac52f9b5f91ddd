import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DataError } from '../errors.ts';
import type { NdArray, NumericArray } from './example.ts';
import { decodeSafetensors, encodeSafetensors } from './safetensors.ts';

const fileOf = (
  header: unknown,
  data: number[] = [],
  text = JSON.stringify(header),
): Uint8Array => {
  const json = new TextEncoder().encode(text);
  const file = new Uint8Array(8 + json.length + data.length);
  new DataView(file.buffer).setBigUint64(0, BigInt(json.length), true);
  file.set(json, 8);
  file.set(data, 8 + json.length);
  return file;
};

const arrays: NumericArray[] = [
  Float64Array.of(1.5, Number.NaN, -0, Number.POSITIVE_INFINITY),
  Float32Array.of(0.1),
  BigInt64Array.of(-(2n ** 63n), 2n ** 63n - 1n),
  Int32Array.of(-1, 2),
  Int16Array.of(-300),
  Uint16Array.of(65535, 0, 1),
  Int8Array.of(-128, 127, 3),
  Uint8Array.of(255),
];

describe('encodeSafetensors', () => {
  it('gives back every element type, name, shape and metadata', () => {
    const tensors = new Map<string, NdArray>(
      arrays.map((data, i) => [`${i}/é"\\`, { data, shape: [data.length, 1] }]),
    );
    tensors.set('scalar', { data: Float32Array.of(3), shape: [] });
    tensors.set('empty', { data: new Int32Array(0), shape: [0, 5] });
    const file = decodeSafetensors(encodeSafetensors(tensors, { b: '2', a: '🂡' }));
    expect(file.metadata).toEqual({ a: '🂡', b: '2' });
    expect(new Map([...file.tensors].sort())).toEqual(new Map([...tensors].sort()));
  });

  it('writes the format to the byte, large elements first', () => {
    const bytes = encodeSafetensors(
      new Map<string, NdArray>([
        ['b', { data: Uint8Array.of(7), shape: [1] }],
        ['a', { data: Float32Array.of(1), shape: [] }],
      ]),
    );
    const header =
      '{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[1],"data_offsets":[4,5]}}';
    const padded = header.padEnd(Math.ceil(header.length / 8) * 8);
    expect(new TextDecoder().decode(bytes.subarray(8, 8 + padded.length))).toBe(padded);
    expect([...bytes.subarray(0, 8)]).toEqual([padded.length, 0, 0, 0, 0, 0, 0, 0]);
    expect([...bytes.subarray(8 + padded.length)]).toEqual([0, 0, 128, 63, 7]);
  });

  it('does not depend on the order of the map, and starts the data at a multiple of 8', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ unit: 'binary' })), (names) => {
        const entries = names
          .filter((name) => name !== '__metadata__')
          .map((name, i): [string, NdArray] => [
            name,
            {
              data: arrays[i % arrays.length] as NumericArray,
              shape: [(arrays[i % arrays.length] as NumericArray).length],
            },
          ]);
        const bytes = encodeSafetensors(new Map(entries));
        expect(encodeSafetensors(new Map([...entries].reverse()))).toEqual(bytes);
        expect((bytes[0] as number) % 8).toBe(0);
        expect(decodeSafetensors(bytes).tensors.size).toBe(entries.length);
      }),
    );
  });

  it('writes only the part of a buffer that a view shows', () => {
    const view = new Float32Array(Float32Array.of(1, 2, 3).buffer, 4, 1);
    const { tensors } = decodeSafetensors(
      encodeSafetensors(new Map([['x', { data: view, shape: [1] }]])),
    );
    expect(tensors.get('x')?.data).toEqual(Float32Array.of(2));
  });

  it('refuses a shape that does not hold the data, and the reserved name', () => {
    const x = { data: new Float32Array(5), shape: [2, 3] };
    expect(() => encodeSafetensors(new Map([['x', x]]))).toThrow(
      '"x" has 5 values, expected 2*3 = 6',
    );
    const y = { data: new Float32Array(0), shape: [0] };
    expect(() => encodeSafetensors(new Map([['__metadata__', y]]))).toThrow(DataError);
  });
});

describe('decodeSafetensors', () => {
  const u8 = (shape: unknown, offsets: unknown, dtype: unknown = 'U8'): object => ({
    dtype,
    shape,
    data_offsets: offsets,
  });

  it('reads an array at an odd offset, and returns copies', () => {
    const sound = fileOf({ x: u8([1], [0, 4], 'F32') }, [0, 0, 128, 63]);
    const shifted = new Uint8Array(sound.length + 1);
    shifted.set(sound, 1);
    const { tensors } = decodeSafetensors(shifted.subarray(1));
    shifted.fill(0);
    expect(tensors.get('x')?.data).toEqual(Float32Array.of(1));
  });

  it('reads a Buffer of Node.js, which is a Uint8Array of other habits', () => {
    const sound = Buffer.from(fileOf({ x: u8([1], [0, 4], 'F32') }, [0, 0, 128, 63]));
    const { tensors } = decodeSafetensors(sound);
    sound.fill(0);
    expect(tensors.get('x')?.data).toEqual(Float32Array.of(1));
  });

  it('keeps a tensor named like a property of every object', () => {
    const file = fileOf(
      null,
      [1, 2],
      '{"__proto__":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"constructor":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}',
    );
    expect([...decodeSafetensors(file).tensors.keys()]).toEqual(['__proto__', 'constructor']);
  });

  it.each<[string, Uint8Array, string]>([
    ['no header length', new Uint8Array(7), 'truncated, expected at least 8 bytes, got 7'],
    [
      'a header beyond the file',
      Uint8Array.of(9, 0, 0, 0, 0, 0, 0, 0, 123, 125),
      'claims 9 bytes, expected at most 2',
    ],
    [
      'an absurd length',
      Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 255, 123, 125),
      'claims 18446744073709551615 bytes',
    ],
    ['broken JSON', fileOf(null, [], '{'), 'not JSON'],
    ['broken UTF-8', Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 200), 'not JSON'],
    ['a list', fileOf([]), 'not a JSON object'],
    ['metadata of numbers', fileOf({ __metadata__: { a: 1 } }), 'not a record of strings'],
    ['an entry without fields', fileOf({ x: 3 }), '"x" is not an object'],
    [
      'an unknown dtype',
      fileOf({ x: u8([1], [0, 2], 'BF16') }, [0, 0]),
      '"x" has dtype "BF16", expected one of F64',
    ],
    [
      'a dtype of every object',
      fileOf({ x: u8([1], [0, 1], 'constructor') }, [0]),
      'has dtype "constructor"',
    ],
    ['a negative extent', fileOf({ x: u8([-1, -1], [0, 1]) }, [0]), 'has shape [-1,-1]'],
    ['a huge extent', fileOf({ x: u8([2 ** 53], [0, 1]) }, [0]), 'has shape'],
    [
      'an overflowing product',
      fileOf({ x: u8([2 ** 52, 2 ** 52], [0, 1]) }, [0]),
      'has 1 bytes, expected',
    ],
    ['reversed offsets', fileOf({ x: u8([1], [1, 0]) }, [0]), 'has data_offsets [1,0]'],
    ['one offset', fileOf({ x: u8([1], [1]) }, [0]), 'has data_offsets [1]'],
    [
      'a wrong size',
      fileOf({ x: u8([2], [0, 1]) }, [0]),
      '"x" has 1 bytes, expected 2 for U8 of shape [2]',
    ],
    [
      'overlap',
      fileOf({ x: u8([2], [0, 2]), y: u8([2], [1, 3]) }, [0, 0, 0]),
      '"y" overlaps the array before it',
    ],
    ['a gap', fileOf({ x: u8([1], [1, 2]) }, [0, 0]), '"x" leaves a gap before it'],
    ['missing data', fileOf({ x: u8([3], [0, 3]) }, [0, 0]), 'the file is truncated: "x"'],
    ['data of nobody', fileOf({ x: u8([1], [0, 1]) }, [0, 0]), '1 bytes after the last array'],
  ])('refuses %s', (_, file, message) => {
    expect(() => decodeSafetensors(file)).toThrow(DataError);
    expect(() => decodeSafetensors(file)).toThrow(message);
  });

  it('throws nothing but DataError on damaged files', () => {
    const sound = encodeSafetensors(new Map([['x', { data: Float32Array.of(1, 2), shape: [2] }]]), {
      a: 'b',
    });
    fc.assert(
      fc.property(
        fc.nat(sound.length - 1),
        fc.nat(255),
        fc.nat(sound.length),
        (at, value, length) => {
          const damaged = sound.slice(0, length);
          if (at < length) damaged[at] = value;
          try {
            decodeSafetensors(damaged);
          } catch (error) {
            expect(error).toBeInstanceOf(DataError);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});
