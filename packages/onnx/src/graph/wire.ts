/**
 * Calls `visit` for each field of a Protocol Buffers message, in order: with its number, where its bytes
 * stand, and its wire type: 0 for an integer, 1 and 5 for 8 and 4 bytes, 2 for a byte string (a text, a message,
 * a packed list).
 *
 * @returns false if what is visited is not the whole message: something in it is no field of a kind that
 *   ONNX uses, or reaches behind the end
 * @see https://protobuf.dev/programming-guides/encoding/
 */
export function visitFields(
  bytes: Uint8Array,
  start: number,
  end: number,
  visit: (field: number, start: number, end: number, wireType: number) => void,
): boolean {
  let position = start;
  const varint = (): number => {
    let value = 0;
    for (let factor = 1; position < end; factor *= 128) {
      const byte = bytes[position++] as number;
      value += (byte & 127) * factor;
      if (byte < 128) break;
    }
    return value;
  };
  while (position < end) {
    const tag = varint();
    // Some readers would cut a longer one down to 32 bits, and see another field.
    if (tag >= 2 ** 32) return false;
    const [field, wireType] = [Math.floor(tag / 8), tag % 8];
    let from = position;
    if (wireType === 0) varint();
    else if (wireType === 1) position += 8;
    else if (wireType === 5) position += 4;
    else if (wireType === 2) {
      const length = varint();
      from = position;
      position += length;
    } else return false;
    if (position > end) return false;
    visit(field, from, position, wireType);
  }
  return true;
}
