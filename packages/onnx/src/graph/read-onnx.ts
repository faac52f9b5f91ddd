import { DataError } from '@baal/core';
import onnxProto from 'onnx-proto';
import { elementTypeOf } from './element-types.ts';
import type { Attribute, Graph, Node, ValueInfo } from './graph.ts';
import { type ElementType, sizeOf, type TensorArray, type TensorData } from './tensor-data.ts';

const { onnx } = onnxProto;

type ModelProto = onnxProto.onnx.IModelProto;
type GraphProto = onnxProto.onnx.IGraphProto;
type NodeProto = onnxProto.onnx.INodeProto;
type TensorProto = onnxProto.onnx.ITensorProto;
type ValueInfoProto = onnxProto.onnx.IValueInfoProto;
type AttributeProto = onnxProto.onnx.IAttributeProto;

/**
 * Reads a model from the bytes of an .onnx file. Weights that stand in `Constant` nodes become
 * initializers, so that a parameter is one thing however it was exported.
 *
 * @throws DataError if the bytes are not an ONNX model, are truncated, or hold tensors that the
 *   engine cannot represent.
 */
export function readOnnx(bytes: Uint8Array, where = 'readOnnx'): Graph {
  let model: ModelProto;
  try {
    model = onnx.ModelProto.decode(bytes);
  } catch (cause) {
    throw new DataError(
      `${where}: the ${bytes.length} bytes are not an ONNX model, or are truncated (${cause instanceof Error ? cause.message : String(cause)})`,
      { cause },
    );
  }
  if (!model.graph || (model.graph.node ?? []).length === 0) {
    throw new DataError(`${where}: the ${bytes.length} bytes hold no ONNX graph`);
  }
  const opsets: Record<string, number> = {};
  for (const entry of model.opsetImport ?? []) {
    opsets[entry.domain === 'ai.onnx' ? '' : (entry.domain ?? '')] = Number(entry.version);
  }
  return readGraph(model.graph, opsets, where);
}

function readGraph(
  proto: GraphProto,
  opsets: Readonly<Record<string, number>>,
  where: string,
): Graph {
  const initializers = new Map<string, TensorData>();
  for (const tensor of proto.initializer ?? []) {
    initializers.set(tensor.name ?? '', readTensor(tensor, where));
  }
  const nodes: Node[] = [];
  for (const nodeProto of proto.node ?? []) {
    const node = readNode(nodeProto, opsets, where);
    const constant = node.opType === 'Constant' ? constantValue(node) : undefined;
    if (constant !== undefined) initializers.set(node.outputs[0] as string, constant);
    else nodes.push(node);
  }
  return {
    name: proto.name ?? '',
    inputs: (proto.input ?? [])
      .filter((input) => !initializers.has(input.name ?? ''))
      .map((input) => readValueInfo(input, where)),
    outputs: (proto.output ?? []).map((output) => readValueInfo(output, where)),
    nodes,
    initializers,
    opsets,
  };
}

function constantValue(node: Node): TensorData | undefined {
  const { value, value_float, value_floats, value_int, value_ints } = node.attributes;
  if (value !== undefined && 'tensor' in value) return value.tensor;
  if (value_float !== undefined && 'float' in value_float) {
    return { type: 'float32', shape: [], data: Float32Array.of(value_float.float) };
  }
  if (value_floats !== undefined && 'floats' in value_floats) {
    const { floats } = value_floats;
    return { type: 'float32', shape: [floats.length], data: Float32Array.from(floats) };
  }
  if (value_int !== undefined && 'int' in value_int) {
    return { type: 'int64', shape: [], data: BigInt64Array.of(BigInt(value_int.int)) };
  }
  if (value_ints !== undefined && 'ints' in value_ints) {
    const { ints } = value_ints;
    return { type: 'int64', shape: [ints.length], data: BigInt64Array.from(ints, BigInt) };
  }
  return undefined;
}

function readNode(proto: NodeProto, opsets: Readonly<Record<string, number>>, where: string): Node {
  const attributes: Record<string, Attribute> = {};
  for (const attribute of proto.attribute ?? []) {
    const value = readAttribute(attribute, opsets, where);
    if (value !== undefined) attributes[attribute.name ?? ''] = value;
  }
  return {
    name: proto.name ?? '',
    opType: proto.opType ?? '',
    domain: proto.domain === 'ai.onnx' ? '' : (proto.domain ?? ''),
    inputs: proto.input ?? [],
    outputs: proto.output ?? [],
    attributes,
  };
}

function readAttribute(
  proto: AttributeProto,
  opsets: Readonly<Record<string, number>>,
  where: string,
): Attribute | undefined {
  const Type = onnx.AttributeProto.AttributeType;
  switch (proto.type) {
    case Type.INT:
      return { int: Number(proto.i) };
    case Type.FLOAT:
      return { float: proto.f ?? 0 };
    case Type.STRING:
      return { string: new TextDecoder().decode(proto.s ?? new Uint8Array()) };
    case Type.INTS:
      return { ints: (proto.ints ?? []).map(Number) };
    case Type.FLOATS:
      return { floats: proto.floats ?? [] };
    case Type.STRINGS:
      return { strings: (proto.strings ?? []).map((s) => new TextDecoder().decode(s)) };
    case Type.TENSOR:
      return proto.t ? { tensor: readTensor(proto.t, where) } : undefined;
    case Type.GRAPH:
      return proto.g ? { graph: readGraph(proto.g, opsets, where) } : undefined;
    default:
      throw new DataError(
        `${where}: attribute "${proto.name}" has type ${proto.type}, which is not supported`,
      );
  }
}

function readValueInfo(proto: ValueInfoProto, where: string): ValueInfo {
  const tensor = proto.type?.tensorType;
  const name = proto.name ?? '';
  if (!tensor) return { name };
  const type = elementTypeOf(tensor.elemType ?? 0, `${where}: value "${name}"`);
  if (!tensor.shape) return { name, type };
  const shape = (tensor.shape.dim ?? []).map((dim) => {
    if (dim.dimParam) return dim.dimParam;
    return dim.dimValue === undefined || dim.dimValue === null ? null : Number(dim.dimValue);
  });
  return { name, type, shape };
}

function readTensor(proto: TensorProto, where: string): TensorData {
  const label = `${where}: tensor "${proto.name ?? ''}"`;
  const type = elementTypeOf(proto.dataType ?? 0, label);
  const shape = (proto.dims ?? []).map(Number);
  const size = sizeOf(shape);
  if (proto.dataLocation === onnx.TensorProto.DataLocation.EXTERNAL) {
    throw new DataError(
      `${label} keeps its data in another file, expected it inside the model; save the model with its weights inside`,
    );
  }
  const raw = proto.rawData;
  const data = raw && raw.length > 0 ? fromRaw(type, raw) : fromFields(type, proto);
  if (data.length !== size || shape.some((extent) => extent < 0)) {
    throw new DataError(
      `${label} of shape [${shape.join(', ')}] should hold ${size} values, got ${data.length}`,
    );
  }
  return { type, shape, data };
}

const arrayTypes = {
  float32: Float32Array,
  float64: Float64Array,
  int64: BigInt64Array,
  int32: Int32Array,
  int16: Int16Array,
  int8: Int8Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  uint64: BigUint64Array,
  float16: Uint16Array,
  bool: Uint8Array,
} as const;

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
    default:
      return arrayTypes[type].from(proto.int32Data ?? []);
  }
}
