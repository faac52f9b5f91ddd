import onnxProto from 'onnx-proto';
import { readOnnx } from '../src/graph/read-onnx.ts';

const { onnx } = onnxProto;

/** Numbers of the types of attributes. */
export const AttributeType = onnx.AttributeProto.AttributeType;

/** A graph of an .onnx file. */
export type GraphProto = onnxProto.onnx.IGraphProto;
/** A node of an .onnx file. */
export type NodeProto = onnxProto.onnx.INodeProto;
/** An .onnx file. */
export type ModelProto = onnxProto.onnx.IModelProto;

/** A declared value of an element type, by ONNX's number. */
export const value = (name: string, elemType: number, ...extents: (number | string)[]) => ({
  name,
  type: {
    tensorType: {
      elemType,
      shape: {
        dim: extents.map((extent) =>
          typeof extent === 'string' ? { dimParam: extent } : { dimValue: extent },
        ),
      },
    },
  },
});

/** A node. */
export const node = (
  opType: string,
  input: string[],
  output: string[],
  more: NodeProto = {},
): NodeProto => ({ opType, input, output, ...more });

/** A weight of float32. */
export const floats = (name: string, dims: number[], floatData: number[]) => ({
  name,
  dataType: 1,
  dims,
  floatData,
});

/** The bytes of an .onnx file from `x`, `[N, 2]`, to `y`, unless the graph says otherwise; operator set 18. */
export function modelOf(graph: GraphProto, more: ModelProto = {}): Uint8Array {
  return onnx.ModelProto.encode({
    irVersion: 8,
    opsetImport: [{ domain: '', version: 18 }],
    graph: { input: [value('x', 1, 'N', 2)], output: [{ name: 'y' }], ...graph },
    ...more,
  }).finish();
}

/** The bytes of an .onnx file around the bytes of its graph. */
export function modelAround(graph: Uint8Array, more: ModelProto = {}): Uint8Array {
  const start = onnx.ModelProto.encode({
    irVersion: 8,
    opsetImport: [{ domain: '', version: 18 }],
    ...more,
  }).finish();
  return Buffer.concat([start, field(7, graph)]);
}

/** The bytes of a field of a message that holds bytes. */
export function field(number: number, content: Uint8Array): Uint8Array {
  return Buffer.concat([fieldStart(number, content.length), content]);
}

/** What stands before so many bytes of a field. */
export function fieldStart(number: number, length: number): Uint8Array {
  return Uint8Array.from([...varint(number * 8 + 2), ...varint(length)]);
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
}

/** The error that reading ends with: its code and its text. */
export function refusal(bytes: Uint8Array): string {
  try {
    readOnnx(bytes);
    return 'read';
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    return `${code}: ${message}`;
  }
}
