import { DataError } from '@baal/core';
import onnxProto from 'onnx-proto';
import { arrayTypes, BFLOAT16, elementTypeOf } from './element-types.ts';
import { type ExternalDataReader, readExternal } from './external-data.ts';
import { fromBfloat16 } from './half-precision.ts';
import { type ElementType, sizeOf, type TensorArray, type TensorData } from './tensor-data.ts';

const { onnx } = onnxProto;

type TensorProto = onnxProto.onnx.ITensorProto;

/** What reading a tensor needs to know of the model around it. */
export interface TensorSource {
  /** How messages begin. */
  readonly where: string;
  /** Reads what stands in other files. */
  readonly externalData?: ExternalDataReader | undefined;
  /** What the sparse tensors of the model may take. */
  readonly sparse: SparseBudget;
}

/**
 * A tensor of a model. bfloat16 becomes float32.
 *
 * @throws DataError if the values do not fit the shape, or the type cannot be held.
 */
export function readTensor(proto: TensorProto, source: TensorSource): TensorData {
  const label = `${source.where}: tensor "${proto.name ?? ''}"`;
  const code = proto.dataType ?? 0;
  const type = elementTypeOf(code, label);
  const shape = (proto.dims ?? []).map(Number);
  const size = sizeOf(shape);
  if (shape.some((extent) => extent < 0) || !Number.isSafeInteger(size * 8)) {
    throw new DataError(
      `${label} has shape [${shape.join(', ')}], expected extents of 0 or more and at most 2^50 values`,
    );
  }
  const stored = code === BFLOAT16 ? 'uint16' : type;
  const external = proto.dataLocation === onnx.TensorProto.DataLocation.EXTERNAL;
  const raw = external
    ? readExternal(
        proto.externalData ?? [],
        size * arrayTypes[stored].BYTES_PER_ELEMENT,
        source.externalData,
        label,
      )
    : proto.rawData;
  const given = raw && raw.length > 0 ? fromRaw(stored, raw) : fromFields(stored, proto);
  if (given.length !== size) {
    throw new DataError(
      `${label} of shape [${shape.join(', ')}] should hold ${size} values, got ${given.length}`,
    );
  }
  return { type, shape, data: code === BFLOAT16 ? fromBfloat16(given as Uint16Array) : given };
}

function fromRaw(type: ElementType, raw: Uint8Array): TensorArray {
  const ArrayType = arrayTypes[type];
  // A copy: the bytes of the file need not be aligned for the element type. (A Buffer's own slice is none.)
  const bytes = new Uint8Array(raw);
  return new ArrayType(bytes.buffer, 0, Math.floor(bytes.length / ArrayType.BYTES_PER_ELEMENT));
}

function fromFields(type: ElementType, proto: TensorProto): TensorArray {
  switch (type) {
    case 'float32':
      return Float32Array.from(proto.floatData ?? []);
    case 'float64':
      return Float64Array.from(proto.doubleData ?? []);
    case 'int64':
      return BigInt64Array.from(proto.int64Data ?? [], (value) => BigInt(String(value)));
    case 'uint32':
      return Uint32Array.from(proto.uint64Data ?? [], Number);
    case 'uint64':
      return BigUint64Array.from(proto.uint64Data ?? [], (value) => BigInt(String(value)));
    default: {
      const values = proto.int32Data ?? [];
      const data = new arrayTypes[type](values.length) as Int32Array;
      data.set(values);
      return data;
    }
  }
}

/**
 * What all sparse tensors of a model may take together: a few bytes of a file can claim any number of zeros.
 * A tensor that is filled to a thousandth is dense enough.
 */
export class SparseBudget {
  #stored = 0;
  #filled = 0;

  /** Counts a tensor. @returns whether it still fits */
  take(stored: number, filled: number): boolean {
    this.#stored += stored;
    this.#filled += filled;
    return this.#filled <= Math.min(2 ** 28, 2 ** 20 + 1024 * this.#stored);
  }
}

/**
 * A sparse tensor, filled in with zeros: indices are positions in row-major order `[n]` or coordinates
 * `[n, rank]`.
 *
 * @throws DataError if an index lies outside of the shape, or the model's sparse tensors would have more than
 *   2^28 values, or more than 2^20 and 1024 for each that is not 0.
 */
export function readSparseTensor(
  proto: onnxProto.onnx.ISparseTensorProto,
  source: TensorSource,
): TensorData {
  const name = proto.values?.name ?? '';
  const label = `${source.where}: sparse tensor "${name}"`;
  const shape = (proto.dims ?? []).map(Number);
  const size = sizeOf(shape);
  if (!proto.values || !proto.indices || shape.some((extent) => extent < 0)) {
    throw new DataError(
      `${label} of shape [${shape.join(', ')}] is incomplete, expected values, indices and extents of 0 or more`,
    );
  }
  const values = readTensor(proto.values, source);
  const indices = readTensor(proto.indices, source);
  if (!source.sparse.take(values.data.length, size)) {
    throw new DataError(
      `${label} of shape [${shape.join(', ')}] cannot be filled in for its ${values.data.length} values, expected at most ${2 ** 28} elements in all sparse tensors, and 1 of 1024 that is stored; export it as a dense tensor`,
    );
  }
  const width = indices.shape.length === 2 ? (indices.shape[1] as number) : 1;
  if (indices.type !== 'int64' || indices.data.length !== values.data.length * width) {
    throw new DataError(
      `${label}: its indices are ${indices.type} of shape [${indices.shape.join(', ')}], expected int64 with one entry for each of ${values.data.length} values`,
    );
  }
  const data = new arrayTypes[values.type](size);
  for (let i = 0; i < values.data.length; i++) {
    let position = Number(indices.data[i]);
    if (indices.shape.length === 2) {
      position = 0;
      for (let axis = 0; axis < width; axis++) {
        const coordinate = Number(indices.data[i * width + axis]);
        position =
          coordinate < 0 || !(coordinate < (shape[axis] ?? 0))
            ? Number.NaN
            : position * (shape[axis] as number) + coordinate;
      }
    }
    if (!(position >= 0 && position < size)) {
      throw new DataError(
        `${label}: index ${i} lies outside of shape [${shape.join(', ')}], expected indices inside it`,
      );
    }
    data[position] = values.data[i] as never;
  }
  return { type: values.type, shape, data };
}
