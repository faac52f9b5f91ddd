import { DataError } from '@baal/core';
import { visitFields } from './wire.ts';

/** What a field of a message is: another message, or one of the kinds of {@link kinds}. */
type Field = Message | keyof typeof kinds;

interface Message {
  readonly [field: number]: Field;
}

/**
 * The wire types that a kind of field may have, and about how many bytes of memory one takes once it is read,
 * whatever its length in the file. A reader that is told another wire type would lose its place in the bytes,
 * and see in them what is not counted here.
 */
const kinds = {
  text: { wireTypes: [2], bytes: 24 },
  bytes: { wireTypes: [2], bytes: 150 },
  integer: { wireTypes: [0], bytes: 24 },
  float: { wireTypes: [5], bytes: 8 },
  floats: { wireTypes: [2, 5], bytes: 24 },
  doubles: { wireTypes: [1, 2], bytes: 24 },
  int32s: { wireTypes: [0, 2], bytes: 24 },
  int64s: { wireTypes: [0, 2], bytes: 64 },
} as const;

/*
 * The messages of onnx.proto by the numbers of their fields. The graph is the only one that can stand inside
 * itself, through the attributes of its nodes; and types, in sequences of sequences.
 */
const entry: Message = { 1: 'text', 2: 'text' };
const opset: Message = { 1: 'text', 2: 'integer' };
const tensor: Message = {
  1: 'int64s',
  2: 'integer',
  3: { 1: 'integer', 2: 'integer' },
  4: 'floats',
  5: 'int32s',
  6: 'bytes',
  7: 'int64s',
  8: 'text',
  9: 'bytes',
  10: 'doubles',
  11: 'int64s',
  12: 'text',
  13: entry,
  14: 'integer',
};
const sparseTensor: Message = { 1: tensor, 2: tensor, 3: 'int64s' };
const tensorType: Message = { 1: 'integer', 2: { 1: { 1: 'integer', 2: 'text', 3: 'text' } } };
const type: Record<number, Field> = { 1: tensorType, 6: 'text', 8: tensorType };
type[4] = { 1: type };
type[5] = { 1: 'integer', 2: type };
type[9] = { 1: type };
const attribute: Record<number, Field> = {
  1: 'text',
  2: 'float',
  3: 'integer',
  4: 'bytes',
  5: tensor,
  7: 'floats',
  8: 'int64s',
  9: 'bytes',
  10: tensor,
  13: 'text',
  14: type,
  15: type,
  20: 'integer',
  21: 'text',
  22: sparseTensor,
  23: sparseTensor,
};
const node: Message = {
  1: 'text',
  2: 'text',
  3: 'text',
  4: 'text',
  5: attribute,
  6: 'text',
  7: 'text',
};
const value: Message = { 1: 'text', 2: type, 3: 'text' };
const graph: Message = {
  1: node,
  2: 'text',
  5: tensor,
  10: 'text',
  11: value,
  12: value,
  13: value,
  14: { 1: 'text', 2: entry },
  15: sparseTensor,
};
attribute[6] = graph;
attribute[11] = graph;
const localFunction: Message = {
  1: 'text',
  4: 'text',
  5: 'text',
  6: 'text',
  7: node,
  8: 'text',
  9: opset,
  10: 'text',
  11: attribute,
};
const model: Message = {
  1: 'integer',
  2: 'text',
  3: 'text',
  4: 'text',
  5: 'integer',
  6: 'text',
  7: graph,
  8: opset,
  14: entry,
  20: { 1: graph, 2: graph, 3: entry, 4: entry },
  25: localFunction,
};

/** About how many bytes of memory a message takes once it is read, without its fields. */
const MESSAGE_BYTES = 350;

/** The structure of a network with a million nodes takes less. */
const MOST_BYTES = 2 ** 30;

/** Subgraphs inside each other: more levels than this are a mistake, or an attack. */
export const DEEPEST = 32;

/**
 * Looks through the bytes of an .onnx file before they are read, without taking memory: two bytes can be a
 * node, of which the reader makes some hundred, and a message can stand in a message without end. Weights are
 * passed over. Cost O(bytes) of the structure.
 *
 * @throws DataError if the structure would take more than 1 GiB of memory, is nested too deeply (types count as subgraphs do), or is damaged.
 */
export function checkStructure(bytes: Uint8Array, where: string): void {
  let taken = 0;
  const walk = (message: Message, start: number, end: number, depth: number): void => {
    // A subgraph is three messages deeper than the graph around it.
    if (depth > 3 * DEEPEST + 8) {
      throw new DataError(
        `${where}: subgraphs stand more than ${DEEPEST} levels inside each other, expected fewer`,
      );
    }
    let whole = true;
    const ended = visitFields(bytes, start, end, (field, from, to, wireType) => {
      const kind = message[field];
      if (kind === undefined) taken += kinds.text.bytes;
      else if (typeof kind === 'object') {
        whole &&= wireType === 2;
        taken += MESSAGE_BYTES;
        walk(kind, from, to, depth + 1);
      } else {
        const { wireTypes, bytes: each } = kinds[kind];
        whole &&= (wireTypes as readonly number[]).includes(wireType);
        const packed = wireType === 2 && (kind === 'int64s' || kind === 'int32s');
        taken += each * (packed ? integersIn(bytes, from, to) : 1);
      }
      if (taken > MOST_BYTES) {
        throw new DataError(
          `${where}: the ${bytes.length} bytes hold a structure that would take more than ${MOST_BYTES / 2 ** 20} MiB of memory, expected weights rather than nodes, attributes and lists of integers; the file is damaged, or do not trust it`,
        );
      }
    });
    if (!whole || !ended) {
      throw new DataError(
        `${where}: the ${bytes.length} bytes are not an ONNX model, or are truncated (a field is broken, or longer than what it stands in), expected the whole .onnx file`,
      );
    }
  };
  walk(model, 0, bytes.length, 0);
}

/** How many integers a packed list holds: the last byte of each is below 128. */
function integersIn(bytes: Uint8Array, start: number, end: number): number {
  let count = 0;
  for (let i = start; i < end; i++) if ((bytes[i] as number) < 128) count++;
  return count;
}
