import { DataError } from '@baal/core';
import onnxProto from 'onnx-proto';
import { elementTypeCode } from './element-types.ts';
import { safeLocation } from './external-data.ts';
import type { Attribute, Graph, ValueInfo } from './graph.ts';
import type { TensorData } from './tensor-data.ts';

const { onnx } = onnxProto;

/** IR version that goes with each operator set, so that old runtimes read what they can. */
function irVersion(opset: number): number {
  return opset <= 14 ? 7 : opset <= 18 ? 8 : opset <= 20 ? 9 : 10;
}

/** What Protocol Buffers can hold in one message. */
const LARGEST_MESSAGE = 2 ** 31 - 1;

/** External data begins at multiples of a page, so that readers may map it into memory. */
const PAGE = 4096;

/** Tensors of fewer bytes stay inside the model: shapes, axes, scalars. */
const SMALLEST_EXTERNAL = 1024;

/**
 * The bytes of an .onnx file of a graph; deterministic.
 *
 * @throws DataError if the weights do not fit into one file of 2 GiB; see {@link writeOnnxExternal}.
 */
export function writeOnnx(graph: Graph): Uint8Array {
  let bytes = 0;
  for (const { data } of graph.initializers.values()) bytes += data.byteLength;
  if (bytes > LARGEST_MESSAGE) {
    throw new DataError(
      `writeOnnx: the weights of graph "${graph.name}" have ${bytes} bytes, expected at most ${LARGEST_MESSAGE} in one .onnx file; write them beside it, with writeOnnxExternal`,
    );
  }
  return encode(graph, tensorProto);
}

/** A model whose weights stand in a second file. */
export interface ExternalModel {
  /** Bytes of the .onnx file. */
  readonly model: Uint8Array;
  /** Bytes of the other file, to be written one after another. */
  readonly data: readonly Uint8Array[];
}

/**
 * A graph as an .onnx file and a file of its weights beside it, for models beyond the 2 GiB that one
 * file can hold. Deterministic; the parts of `data` are views of the weights, not copies.
 *
 * @param location name of the second file in the folder of the first, e.g. `model.onnx.data`
 * @throws DataError if the location lies outside of the model's folder.
 * @see https://github.com/onnx/onnx/blob/main/docs/ExternalData.md
 */
export function writeOnnxExternal(graph: Graph, location: string): ExternalModel {
  const file = safeLocation(location, 'writeOnnxExternal: the model');
  const data: Uint8Array[] = [];
  let end = 0;
  const model = encode(graph, (name, tensor) => {
    const proto = tensorProto(name, tensor);
    const bytes = proto.rawData as Uint8Array;
    if (bytes.length < SMALLEST_EXTERNAL) return proto;
    const padding = (PAGE - (end % PAGE)) % PAGE;
    if (padding > 0) data.push(new Uint8Array(padding));
    data.push(bytes);
    const offset = end + padding;
    end = offset + bytes.length;
    const { rawData: _, ...rest } = proto;
    return {
      ...rest,
      dataLocation: onnx.TensorProto.DataLocation.EXTERNAL,
      externalData: [
        { key: 'location', value: file },
        { key: 'offset', value: String(offset) },
        { key: 'length', value: String(bytes.length) },
      ],
    };
  });
  return { model, data };
}

type TensorEncoder = (name: string, tensor: TensorData) => onnxProto.onnx.ITensorProto;

function encode(graph: Graph, encodeTensor: TensorEncoder): Uint8Array {
  const model = onnx.ModelProto.create({
    irVersion: irVersion(graph.opsets[''] ?? 17),
    producerName: 'baal',
    opsetImport: Object.entries(graph.opsets).map(([domain, version]) => ({ domain, version })),
    graph: graphProto(graph, encodeTensor),
  });
  return onnx.ModelProto.encode(model).finish();
}

function graphProto(graph: Graph, encodeTensor: TensorEncoder): onnxProto.onnx.IGraphProto {
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
    initializer: [...graph.initializers].map(([name, tensor]) => encodeTensor(name, tensor)),
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
  return { name, type: Type.GRAPH, g: graphProto(value.graph, tensorProto) };
}
