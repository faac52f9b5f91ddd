import type { Loss } from './loss.ts';
import { itemShape, rowsOf, rowTensor, stackTargets } from './targets.ts';

const where = 'meanSquaredError';

/** Mean over all elements of `(output - target)²`; targets in the shape of the output. */
export function meanSquaredError(): Loss {
  return {
    name: where,
    append(g, output, prefix) {
      const targets = rowsOf(`${prefix}/values`, itemShape(where, output));
      const difference = g.op('Sub', [output.name, g.input(targets)]);
      const square = g.op('Mul', [difference, difference]);
      return { loss: g.op('ReduceMean', [square], { keepdims: 0 }), inputs: [targets] };
    },
    feeds(targets, output, prefix, nameOf) {
      const shape = itemShape(where, output);
      const values = stackTargets(where, targets, shape, nameOf);
      return { [`${prefix}/values`]: rowTensor(values, shape, targets.length) };
    },
  };
}
