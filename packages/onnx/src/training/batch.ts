import {
  DataError,
  type Dataset,
  type Example,
  LabelError,
  type NdArray,
  ShapeError,
} from '@baal/core';
import type { ValueInfo } from '../graph/graph.ts';
import {
  type ElementType,
  sizeOf,
  type TensorArray,
  type TensorData,
} from '../graph/tensor-data.ts';
import type { Target } from '../losses/loss.ts';
import type { InputShapes } from '../runtime/trace.ts';

function isArray(value: unknown): value is NdArray {
  return typeof value === 'object' && value !== null && 'data' in value && 'shape' in value;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !ArrayBuffer.isView(value)
  );
}

/** What a message calls a value that is no record. */
function nameOfType(value: unknown): string {
  return typeof value === 'object' && value !== null
    ? `${value.constructor.name} of ${(value as ArrayLike<unknown>).length} values`
    : String(value);
}

/** The array of an example for one input of the model. */
function inputOf(example: Example, input: ValueInfo, nameOf: string): NdArray {
  const given: unknown = example.input;
  if (isArray(given)) return given;
  if (!isRecord(given)) {
    throw new DataError(
      `batch: ${nameOf} has no array with a shape, expected input: { data, shape }, or such an array for each input of the model by name, got ${nameOfType(given)}`,
    );
  }
  const found = Object.hasOwn(given, input.name) ? given[input.name] : undefined;
  if (!isArray(found)) {
    throw new DataError(
      `batch: ${nameOf} has no array with a shape for input "${input.name}", expected { data, shape } by that name, got ${Object.keys(given).join(', ')}`,
    );
  }
  return found;
}

/** The target of an example for one output. @throws LabelError if there is none. */
export function targetOf(example: Example, output: string, nameOf: string): Target {
  const { target } = example;
  const found =
    target === undefined || typeof target === 'number' || isArray(target)
      ? target
      : Object.hasOwn(target, output)
        ? target[output]
        : undefined;
  if (found === undefined) {
    throw new LabelError(
      `batch: ${nameOf} has no target for output "${output}", expected a class or an array`,
    );
  }
  return found;
}

/**
 * Stacks the inputs of examples along a new first axis, one tensor for each input of the model.
 *
 * @param nameOf how messages name item `i`
 * @param inputShapes extents of inputs that the graph leaves open: the model is compiled for these
 * @throws ShapeError naming the item whose shape is not that of the model's input, or not that of the
 *   first item where the model leaves extents open.
 */
export function collate(
  examples: readonly Example[],
  inputs: readonly ValueInfo[],
  nameOf: (i: number) => string,
  inputShapes: InputShapes = {},
): Record<string, TensorData> {
  const batch: Record<string, TensorData> = {};
  for (const input of inputs) {
    const first = inputOf(examples[0] as Example, input, nameOf(0));
    const size = sizeOf(first.shape);
    const known = Object.hasOwn(inputShapes, input.name) ? inputShapes[input.name] : undefined;
    const data = makeArray(input.type ?? 'float32', examples.length * size);
    examples.forEach((example, i) => {
      const array = inputOf(example, input, nameOf(i));
      checkArray(array, first.shape, input, nameOf(i), known);
      copyInto(data, array, i * size, nameOf(i));
    });
    batch[input.name] = {
      type: input.type ?? 'float32',
      shape: [examples.length, ...first.shape],
      data,
    };
  }
  return batch;
}

function checkArray(
  { data, shape }: NdArray,
  first: readonly number[],
  input: ValueInfo,
  nameOf: string,
  known: readonly number[] | undefined,
): void {
  const declared = input.shape
    ?.slice(1)
    .map((extent, axis) => (typeof extent === 'number' ? extent : first[axis]));
  const expected = known ?? declared ?? first;
  if (shape.length !== expected.length || shape.some((extent, axis) => extent !== expected[axis])) {
    throw new ShapeError(
      `batch: ${nameOf} has shape [${shape.join(', ')}], expected [${expected.join(', ')}] for input "${input.name}" of the model`,
    );
  }
  if (data.length !== sizeOf(shape)) {
    throw new ShapeError(
      `batch: ${nameOf} has ${data.length} values, expected ${sizeOf(shape)} for shape [${shape.join(', ')}]`,
    );
  }
}

/** An array of zeros for an element type. @throws DataError for types that batches do not hold. */
export function makeArray(type: ElementType, length: number): TensorArray {
  switch (type) {
    case 'float32':
      return new Float32Array(length);
    case 'float64':
      return new Float64Array(length);
    case 'int64':
      return new BigInt64Array(length);
    case 'int32':
      return new Int32Array(length);
    case 'bool':
    case 'uint8':
      return new Uint8Array(length);
    default:
      throw new DataError(
        `batch: inputs of type ${type} are not supported, expected float32, float64, int64, int32, bool or uint8`,
      );
  }
}

function copyInto(target: TensorArray, { data }: NdArray, offset: number, nameOf: string): void {
  if (target instanceof Float32Array || target instanceof Float64Array) {
    if (data instanceof BigInt64Array) {
      for (let i = 0; i < data.length; i++) target[offset + i] = Number(data[i]);
    } else target.set(data, offset);
    return;
  }
  // An integer that does not fit would be wrapped or cut without a word.
  for (let i = 0; i < data.length; i++) {
    const value = Number(data[i]);
    if (!Number.isInteger(value)) {
      throw new DataError(
        `batch: ${nameOf} has the value ${value}, expected integers for this input`,
      );
    }
    if (target instanceof BigInt64Array) target[offset + i] = BigInt(value);
    else {
      (target as Int32Array)[offset + i] = value;
      if (target[offset + i] !== value) {
        throw new DataError(
          `batch: ${nameOf} has the value ${value}, expected one that fits the input's element type`,
        );
      }
    }
  }
}

/**
 * The items of a dataset at some positions.
 *
 * @throws DataError naming the item if the dataset gives something that is no example
 */
export async function takeExamples(
  dataset: Dataset<Example>,
  positions: Iterable<number>,
): Promise<Example[]> {
  const examples: Example[] = [];
  for (const position of positions) {
    const item = dataset.get(position);
    const example = item instanceof Promise ? await item : item;
    if (typeof example !== 'object' || example === null || typeof example.input !== 'object') {
      throw new DataError(
        `batch: ${itemName(dataset, position)} is ${JSON.stringify(example)}, expected an example with an input`,
      );
    }
    examples.push(example);
  }
  return examples;
}

/** How messages name an item of a dataset: by its place, and by its id where that says more. */
export function itemName(dataset: Dataset<Example>, position: number): string {
  const id = dataset.id?.(position);
  return id === undefined || id === String(position)
    ? `item ${position}`
    : `item ${position} (id ${id})`;
}
