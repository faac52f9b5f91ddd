import onnxProto from 'onnx-proto';
import { visitFields } from './wire.ts';

/** Field numbers of onnx.proto that onnx-proto's classes do not know. */
const MODEL_FUNCTIONS = 25;
const FUNCTION_ATTRIBUTE_PROTO = 11;

type AttributeProto = onnxProto.onnx.IAttributeProto;

/**
 * Default values of the attributes of a model's local functions, in the order of the functions: the field
 * `FunctionProto.attribute_proto`, which onnx-proto passes over.
 */
export function functionDefaults(model: Uint8Array): AttributeProto[][] {
  return messagesOf(model, MODEL_FUNCTIONS).map((bytes) =>
    messagesOf(bytes, FUNCTION_ATTRIBUTE_PROTO).map((attribute) =>
      onnxProto.onnx.AttributeProto.decode(attribute),
    ),
  );
}

/** The byte strings of one field of a message. */
function messagesOf(bytes: Uint8Array, wanted: number): Uint8Array[] {
  const found: Uint8Array[] = [];
  visitFields(bytes, 0, bytes.length, (field, start, end) => {
    if (field === wanted) found.push(bytes.subarray(start, end));
  });
  return found;
}
