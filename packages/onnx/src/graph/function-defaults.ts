import onnxProto from 'onnx-proto';

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

/**
 * The byte strings of one field of a Protocol Buffers message, which has been decoded before: lengths
 * are known to fit.
 *
 * @see https://protobuf.dev/programming-guides/encoding/
 */
function messagesOf(bytes: Uint8Array, wanted: number): Uint8Array[] {
  const found: Uint8Array[] = [];
  let position = 0;
  const varint = (): number => {
    let value = 0;
    for (let factor = 1; position < bytes.length; factor *= 128) {
      const byte = bytes[position++] as number;
      value += (byte & 127) * factor;
      if (byte < 128) break;
    }
    return value;
  };
  while (position < bytes.length) {
    const tag = varint();
    const [field, wireType] = [Math.floor(tag / 8), tag % 8];
    if (wireType === 0) varint();
    else if (wireType === 1) position += 8;
    else if (wireType === 5) position += 4;
    else if (wireType === 2) {
      const length = varint();
      if (field === wanted) found.push(bytes.subarray(position, position + length));
      position += length;
    } else return found;
  }
  return found;
}
