import onnxProto from 'onnx-proto';
import { elementTypeCode } from './element-types.ts';
import type { Attribute, Graph, ValueInfo } from './graph.ts';
import type { TensorData } from './tensor-data.ts';

const { onnx } = onnxProto;

/** IR version that goes with each operator set, so that old runtimes read what they can. */
function irVersion(opset: number): number {
  return opset <= 14 ? 7 : opset <= 18 ? 8 : opset <= 20 ? 9 : 10;
}

/** The bytes of an .onnx file of a graph; deterministic. */
export function writeOnnx(graph: Graph): Uint8Array {
  const model = onnx.ModelProto.create({
    irVersion: irVersion(graph.opsets[''] ?? 17),
    producerName: 'baal',
    opsetImport: Object.entries(graph.opsets).map(([domain, version]) => ({ domain, version })),
    graph: graphProto(graph),
  });
  return onnx.ModelProto.encode(model).finish();
}

function graphProto(graph: Graph): onnxProto.onnx.IGraphProto {
  return {
    name: graph.name === '' ? 'graph' : graph.name,
    input: graph.inputs.map(valueInfoProto),
    output: graph.outputs.map(valueInfoProto),
    node: graph.nodes.map((node) => ({
      name: node.name,
      opType: node.opType,
      domain: node.domain,
      input: [...node.inputs],
      output: [...node.outputs],
      attribute: Object.entries(node.attributes).map(([name, value]) =>
        attributeProto(name, value),
      ),
    })),
    initializer: [...graph.initializers].map(([name, tensor]) => tensorProto(name, tensor)),
  };
}

function valueInfoProto(info: ValueInfo): onnxProto.onnx.IValueInfoProto {
  if (info.type === undefined) return { name: info.name };
  return {
    name: info.name,
    type: {
      tensorType: {
        elemType: elementTypeCode(info.type),
        ...(info.shape && {
          shape: {
            dim: info.shape.map((extent) =>
              extent === null
                ? {}
                : typeof extent === 'string'
                  ? { dimParam: extent }
                  : { dimValue: extent },
            ),
          },
        }),
      },
    },
  };
}

function tensorProto(name: string, tensor: TensorData): onnxProto.onnx.ITensorProto {
  const { data } = tensor;
  return {
    name,
    dataType: elementTypeCode(tensor.type),
    dims: [...tensor.shape],
    rawData: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
  };
}

function attributeProto(name: string, value: Attribute): onnxProto.onnx.IAttributeProto {
  const Type = onnx.AttributeProto.AttributeType;
  const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
  if ('int' in value) return { name, type: Type.INT, i: value.int };
  if ('float' in value) return { name, type: Type.FLOAT, f: value.float };
  if ('string' in value) return { name, type: Type.STRING, s: encode(value.string) };
  if ('ints' in value) return { name, type: Type.INTS, ints: [...value.ints] };
  if ('floats' in value) return { name, type: Type.FLOATS, floats: [...value.floats] };
  if ('strings' in value) return { name, type: Type.STRINGS, strings: value.strings.map(encode) };
  if ('tensor' in value) return { name, type: Type.TENSOR, t: tensorProto('', value.tensor) };
  return { name, type: Type.GRAPH, g: graphProto(value.graph) };
}
