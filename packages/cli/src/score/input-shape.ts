import { ShapeError } from '@baal/core';
import { sizeOf, type ValueInfo } from '@baal/onnx';

/**
 * Extents of a row as an input takes them: rows fit if they hold as many values, whatever the axes, where the
 * model declares all extents, and if they have those that it declares where it leaves some open.
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
    if (sizeOf(declared) === sizeOf(row)) return declared;
  } else if (
    declared.length === row.length &&
    declared.every((extent, i) => typeof extent !== 'number' || extent === row[i])
  ) {
    return row;
  }
  throw new ShapeError(
    `${model}: rows do not fit the input '${name}', expected [${declared.map((d) => d ?? '?').join(', ')}], ` +
      `got [${row.join(', ')}]; check what it is fed with: columns, ids and labels, or --shape`,
  );
}
