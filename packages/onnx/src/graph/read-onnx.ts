import { DataError } from '@baal/core';
import onnxProto from 'onnx-proto';
import { checkStructure, DEEPEST } from './check-structure.ts';
import { elementTypeCode, elementTypeOf } from './element-types.ts';
import type { ExternalDataReader } from './external-data.ts';
import {
  type Attribute,
  checkName,
  describeNode,
  type Graph,
  type Node,
  type ValueInfo,
} from './graph.ts';
import { inlineFunctions } from './inline-functions.ts';
import { readFunctions } from './local-functions.ts';
import { opsetsOf, standardDomain, usedOpsets } from './opsets.ts';
import { readSparseTensor, readTensor, SparseBudget, type TensorSource } from './read-tensor.ts';
import { resolveAliases } from './resolve-aliases.ts';
import { resolveControlFlow } from './resolve-control-flow.ts';
import { sortGraph } from './sort-graph.ts';
import type { TensorData } from './tensor-data.ts';

const { onnx } = onnxProto;

type ModelProto = onnxProto.onnx.IModelProto;
type GraphProto = onnxProto.onnx.IGraphProto;
type NodeProto = onnxProto.onnx.INodeProto;
type ValueInfoProto = onnxProto.onnx.IValueInfoProto;
type AttributeProto = onnxProto.onnx.IAttributeProto;

/** Options of {@link readOnnx}. */
export interface ReadOnnxOptions {
  /** How messages begin; `readOnnx` by default. A file's name is of use. */
  readonly where?: string;
  /** Reads weights that the model keeps in other files; without it such a model is an error. */
  readonly externalData?: ExternalDataReader;
}

/** What reading a graph needs to know of its model. */
interface GraphSource extends TensorSource {
  readonly opsets: Readonly<Record<string, number>>;
}

/**
 * Reads a model from the bytes of an .onnx file.
 *
 * A parameter is one thing however it was exported: weights that stand in `Constant` nodes become
 * initializers, and an `Identity` of an initializer is the initializer. Functions of the model are
 * replaced by their bodies, and If, Loop and lists of tensors by what they come to where that is constant. bfloat16 becomes float32, a sparse initializer a dense one. Nodes out of order are put
 * in order.
 *
 * @param options a string is the option `where`
 * @throws DataError if the bytes are not an ONNX model, are truncated, hold tensors that the engine
 *   cannot represent, keep weights in other files and no `externalData` is given, or are no valid
 *   graph: a value made twice or by nobody, a cycle, a function that calls itself.
 */
export function readOnnx(bytes: Uint8Array, options: ReadOnnxOptions | string = {}): Graph {
  const { where = 'readOnnx', externalData } =
    typeof options === 'string' ? { where: options } : options;
  checkStructure(bytes, where);
  let model: ModelProto;
  try {
    model = onnx.ModelProto.decode(bytes);
  } catch (cause) {
    throw new DataError(
      `${where}: the ${bytes.length} bytes are not an ONNX model, or are truncated (${cause instanceof Error ? cause.message : String(cause)}), expected the whole .onnx file`,
      { cause },
    );
  }
  if (!model.graph || (model.graph.node ?? []).length === 0) {
    throw new DataError(
      `${where}: the ${bytes.length} bytes hold no ONNX graph, expected a whole .onnx file`,
    );
  }
  const opsets = opsetsOf(model.opsetImport, where);
  if (!opsets.has('')) {
    throw new DataError(
      `${where}: the model does not say which operator set it uses, expected one; the file is truncated, or export it again`,
    );
  }
  const functions = readFunctions(model, bytes, opsets, where);
  const inlined = inlineFunctions(model.graph, functions, { where, size: bytes.length });
  const source = {
    where,
    externalData,
    opsets: Object.fromEntries(opsets),
    sparse: new SparseBudget(),
  };
  const graph = readGraph(inlined, source, 0);
  checkNodes(graph, where);
  const sorted = sortGraph({ ...graph, opsets: usedOpsets(graph, functions) }, where);
  return resolveAliases(resolveControlFlow(sorted));
}

/** Every node needs an operator and, if any, a name of its own, and its domain a version. */
function checkNodes(graph: Graph, where: string): void {
  const names = new Set<string>();
  for (const node of graph.nodes) {
    if (node.name !== '' && names.has(node.name)) {
      throw new DataError(
        `${where}: two nodes are named "${node.name}", expected one node a name; export the model again`,
      );
    }
    names.add(node.name);
    if (node.opType === '') {
      throw new DataError(
        `${where}: node "${node.name}" has no operator, expected one; the file is damaged`,
      );
    }
    if (!Object.hasOwn(graph.opsets, node.domain)) {
      throw new DataError(
        `${where}: ${describeNode(node)} is of domain "${node.domain}", for which the model has neither an operator set nor a function, expected one of them; export the model with its functions, or with standard operators`,
      );
    }
  }
}

function readGraph(proto: GraphProto, source: GraphSource, depth: number): Graph {
  const { where, opsets } = source;
  if (depth > DEEPEST) {
    throw new DataError(
      `${where}: subgraphs stand more than ${DEEPEST} levels inside each other, expected fewer`,
    );
  }
  const initializers = new Map<string, TensorData>();
  const add = (name: string, tensor: TensorData): void => {
    if (initializers.has(name)) {
      throw new DataError(
        `${where}: initializer "${name}" is there twice, expected one value a name; export the model again`,
      );
    }
    initializers.set(name, tensor);
  };
  for (const tensor of proto.initializer ?? []) add(tensor.name ?? '', readTensor(tensor, source));
  for (const tensor of proto.sparseInitializer ?? []) {
    add(tensor.values?.name ?? '', readSparseTensor(tensor, source));
  }
  const nodes: Node[] = [];
  for (const nodeProto of proto.node ?? []) {
    const node = readNode(nodeProto, source, depth);
    const sparse = nodeProto.attribute?.find(({ name }) => name === 'sparse_value')?.sparseTensor;
    const constant =
      node.opType !== 'Constant' || node.domain !== ''
        ? undefined
        : sparse
          ? readSparseTensor(sparse, source)
          : constantValue(node);
    if (constant !== undefined) add(node.outputs[0] ?? '', constant);
    else nodes.push(node);
  }
  return {
    name: proto.name ?? '',
    inputs: (proto.input ?? [])
      .filter((input) => !initializers.has(input.name ?? ''))
      .map((input) => readInput(input, depth, where)),
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

/** Attributes of standard operators that hold an element type, by its number. */
const typeAttributes: ReadonlySet<string> = new Set(['to', 'dtype', 'output_dtype']);

/** Texts inside a graph do no harm: the runtime can return them when the graph is traced. */
const STRING = 8;

function readNode(proto: NodeProto, source: GraphSource, depth: number): Node {
  const attributes: Record<string, Attribute> = {};
  const standard = standardDomain(proto.domain) === '';
  const what = `${source.where}: ${proto.opType} "${proto.name || proto.output?.[0]}"`;
  for (const attribute of proto.attribute ?? []) {
    const name = attribute.name ?? '';
    checkName(name, `${source.where}: attribute`);
    const value = readAttribute(attribute, source, depth);
    if (value !== undefined) attributes[name] = standard ? withKnownType(name, value, what) : value;
  }
  return {
    name: proto.name ?? '',
    opType: proto.opType ?? '',
    domain: standardDomain(proto.domain),
    inputs: proto.input ?? [],
    outputs: proto.output ?? [],
    attributes,
  };
}

/** @throws DataError for an element type that the engine cannot hold: the runtime would end the process */
function withKnownType(name: string, value: Attribute, what: string): Attribute {
  if (!typeAttributes.has(name) || !('int' in value)) return value;
  if (value.int === 0 || value.int === STRING) return value;
  return { int: elementTypeCode(elementTypeOf(value.int, what)) };
}

function readAttribute(
  proto: AttributeProto,
  source: GraphSource,
  depth: number,
): Attribute | undefined {
  const { where } = source;
  const Type = onnx.AttributeProto.AttributeType;
  if (proto.refAttrName) {
    throw new DataError(
      `${where}: attribute "${proto.name}" refers to "${proto.refAttrName}" outside of a function, expected a value`,
    );
  }
  switch (proto.type) {
    case Type.INT:
      return { int: Number(proto.i ?? 0) };
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
      return proto.t ? { tensor: readTensor(proto.t, source) } : undefined;
    case Type.GRAPH:
      return proto.g ? { graph: readGraph(proto.g, source, depth + 1) } : undefined;
    default:
      // Of a Constant, which becomes an initializer.
      if (proto.name === 'sparse_value') return undefined;
      throw new DataError(
        `${where}: attribute "${proto.name}" has type ${proto.type}, which is not supported, expected numbers, strings, tensors or graphs; export the model without it`,
      );
  }
}

/** What is fed to the model has to be a tensor. */
function readInput(proto: ValueInfoProto, depth: number, where: string): ValueInfo {
  if (depth === 0 && !proto.type?.tensorType) {
    const kind = Object.keys(proto.type ?? {})[0]?.replace('Type', '') ?? 'of no type';
    throw new DataError(
      `${where}: input "${proto.name ?? ''}" is ${kind}, expected a tensor with an element type; export the model with tensors as inputs`,
    );
  }
  return readValueInfo(proto, where);
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
