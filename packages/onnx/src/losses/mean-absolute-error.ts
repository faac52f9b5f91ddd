import type { Loss } from './loss.ts';
import { itemShape, rowsOf, rowTensor, stackTargets } from './targets.ts';

const where = 'meanAbsoluteError';

/** Mean over all elements of `|output - target|`; targets in the shape of the output. Its slope at 0 is 0. */
export function meanAbsoluteError(): Loss {
  return {
    name: where,
    append(g, output, prefix) {
      const targets = rowsOf(`${prefix}/values`, itemShape(where, output));
      const distance = g.op('Abs', [g.op('Sub', [output.name, g.input(targets)])]);
      return { loss: g.op('ReduceMean', [distance], { keepdims: 0 }), inputs: [targets] };
    },
    feeds(targets, output, prefix, nameOf) {
      const shape = itemShape(where, output);
      const values = stackTargets(where, targets, shape, nameOf);
      return { [`${prefix}/values`]: rowTensor(values, shape, targets.length) };
    },
  };
}
