import type { Tensor } from 'onnxruntime-common';
import { arrayTypes } from '../graph/element-types.ts';
import {
  type ElementType,
  sizeOf,
  type TensorArray,
  type TensorData,
} from '../graph/tensor-data.ts';
import type { OnnxRuntime } from './onnx-runtime.ts';

/** A runtime tensor over the same memory as `data`. */
export function toTensor(
  runtime: OnnxRuntime,
  type: ElementType,
  data: TensorArray,
  shape: readonly number[],
): Tensor {
  // The constructor's overloads name each type by itself; the pair is right by ElementType.
  return new runtime.Tensor(type as 'float32', data as Float32Array, shape);
}

/** A tensor of zeros. */
export function zeros(runtime: OnnxRuntime, type: ElementType, shape: readonly number[]): Tensor {
  return toTensor(runtime, type, new arrayTypes[type](sizeOf(shape)), shape);
}

/** A constant as a runtime tensor. */
export function constantTensor(runtime: OnnxRuntime, constant: TensorData): Tensor {
  return toTensor(runtime, constant.type, constant.data, constant.shape);
}
