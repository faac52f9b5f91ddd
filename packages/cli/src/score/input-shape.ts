import { ShapeError } from '@baal/core';
import { sizeOf, type ValueInfo } from '@baal/onnx';

/**
 * Extents of a row as an input takes them: rows fit if they have the extents that the model declares. Where it
 * declares all of them, extents of 1 do not count, and one axis of as many values fits whatever they are. Axes in
 * another order are no such case: pixels would be taken for channels.
 *
 * @param model path of the model, for messages
 * @throws ShapeError if rows do not fit.
 */
export function fittingShape(
  model: string,
  { name, shape }: ValueInfo,
  row: readonly number[],
): readonly number[] {
  if (shape === undefined) return row;
  const declared = shape.slice(1);
  if (declared.every((extent): extent is number => typeof extent === 'number')) {
    if (sizeOf(declared) === sizeOf(row) && sameOrder(declared, row)) return declared;
  } else if (
    declared.length === row.length &&
    declared.every((extent, i) => typeof extent !== 'number' || extent === row[i])
  ) {
    return row;
  }
  throw new ShapeError(
    `${model}: rows do not fit the input '${name}', expected [${declared.map((d) => d ?? '?').join(', ')}], ` +
      `got [${row.join(', ')}]; ${remedy(declared, row)}`,
  );
}

function sameOrder(declared: readonly number[], row: readonly number[]): boolean {
  const [a, b] = [declared, row].map((extents) => extents.filter((extent) => extent !== 1)) as [
    number[],
    number[],
  ];
  return a.length <= 1 || b.length <= 1 || a.join() === b.join();
}

function remedy(declared: ValueInfo['shape'], row: readonly number[]): string {
  if (sizeOf(row) === 1) {
    return 'is there another --delimiter between the fields of a line? Else check columns, ids and labels';
  }
  const sorted = (extents: readonly unknown[]): string => [...extents].sort().join();
  return sorted(declared ?? []) === sorted(row)
    ? 'the axes seem to be in another order: transpose the array, or say with --shape how its values are meant'
    : 'check what it is fed with: columns, ids and labels, or --shape';
}

/**
 * Extents that a model calls by one name are the same in all inputs, e.g. the tokens of ids and mask.
 *
 * @throws ShapeError naming the first two inputs that disagree.
 */
export function checkNamedExtents(
  model: string,
  inputs: readonly ValueInfo[],
  shapes: Readonly<Record<string, readonly number[]>>,
): void {
  const known = new Map<string, { readonly input: string; readonly extent: number }>();
  for (const { name: input, shape = [] } of inputs) {
    const row = shapes[input] as readonly number[];
    // The first axis is the batch; rows of other axes have no names of their own.
    if (row.length !== shape.length - 1) continue;
    for (const [axis, name] of shape.slice(1).entries()) {
      if (typeof name !== 'string') continue;
      const extent = row[axis] as number;
      const other = known.get(name);
      if (other === undefined) known.set(name, { input, extent });
      else if (other.extent !== extent) {
        throw new ShapeError(
          `${model}: '${input}' has ${extent} of '${name}' a row, expected ${other.extent} as in '${other.input}'; check what the two are fed with`,
        );
      }
    }
  }
}
