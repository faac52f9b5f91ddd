import { elementTypeCode } from './element-types.ts';
import type { Attribute, Graph, Node, ValueInfo } from './graph.ts';
import { fromFloat16 } from './half-precision.ts';
import type { TensorData } from './tensor-data.ts';

/**
 * The same model in single precision: float16 weights, inputs, outputs and casts become float32. Half
 * precision halves a file; training needs the digits. Values are kept exactly. Cost O(weights).
 */
export function toFloat32(graph: Graph): Graph {
  return {
    ...graph,
    inputs: graph.inputs.map(widerInfo),
    outputs: graph.outputs.map(widerInfo),
    nodes: graph.nodes.map(widerNode),
    initializers: new Map([...graph.initializers].map(([name, tensor]) => [name, wider(tensor)])),
  };
}

/** Whether values that the graph is given, or its weights, are of half precision. */
export function isHalf(graph: Graph): boolean {
  return [...graph.inputs, ...graph.initializers.values()].some(({ type }) => type === 'float16');
}

function wider(tensor: TensorData): TensorData {
  if (tensor.type !== 'float16') return tensor;
  const data = fromFloat16(tensor.data as Uint16Array);
  return { type: 'float32', shape: tensor.shape, data };
}

function widerInfo(info: ValueInfo): ValueInfo {
  return info.type === 'float16' ? { ...info, type: 'float32' } : info;
}

/** Attributes that hold an element type. */
const typeAttributes: ReadonlySet<string> = new Set(['to', 'dtype']);

function widerNode(node: Node): Node {
  const attributes = Object.fromEntries(
    Object.entries(node.attributes).map(([name, value]): [string, Attribute] => {
      if ('tensor' in value) return [name, { tensor: wider(value.tensor) }];
      if ('graph' in value) return [name, { graph: toFloat32(value.graph) }];
      const half =
        typeAttributes.has(name) && 'int' in value && value.int === elementTypeCode('float16');
      return [name, half ? { int: elementTypeCode('float32') } : value];
    }),
  );
  return { ...node, attributes };
}
