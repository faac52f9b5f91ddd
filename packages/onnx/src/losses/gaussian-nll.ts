import { ShapeError } from '@baal/core';
import type { Loss, LossOutput } from './loss.ts';
import { itemShape, rowsOf, rowTensor, stackTargets } from './targets.ts';

const where = 'gaussianNll';

/**
 * Negative log likelihood of a normal distribution with learned variance, without its constant. The
 * first half of the output's axis 1 is the mean m, the second half the log variance s: mean over all
 * elements of `(s + (target - m)² e^(-s)) / 2`, in nats. Targets have half the extent on axis 1.
 *
 * @see Kendall and Gal 2017, What Uncertainties Do We Need, equation 8
 */
export function gaussianNll(): Loss {
  return {
    name: where,
    append(g, output, prefix) {
      const shape = targetShape(output);
      const targets = rowsOf(`${prefix}/values`, shape);
      const half = shape[0] as number;
      const [mean, logVariance] = g.ops('Split', [output.name, g.ints([half, half])], 2, {
        axis: 1,
      }) as [string, string];
      const difference = g.op('Sub', [mean, g.input(targets)]);
      const square = g.op('Mul', [difference, difference]);
      const scaled = g.op('Mul', [square, g.op('Exp', [g.op('Neg', [logVariance])])]);
      const mean2 = g.op('ReduceMean', [g.op('Add', [logVariance, scaled])], { keepdims: 0 });
      return { loss: g.op('Mul', [mean2, g.float(0.5)]), inputs: [targets] };
    },
    feeds(targets, output, prefix, nameOf) {
      const shape = targetShape(output);
      const values = stackTargets(where, targets, shape, nameOf);
      return { [`${prefix}/values`]: rowTensor(values, shape, targets.length) };
    },
  };
}

/** Extents of an item's target: half of the output's axis 1. */
function targetShape(output: LossOutput): readonly number[] {
  const [extent, ...rest] = itemShape(where, output);
  if (extent === undefined || extent % 2 !== 0) {
    throw new ShapeError(
      `${where}: axis 1 of output "${output.name}" has extent ${extent ?? 'none'}, expected an even one: means, then log variances`,
    );
  }
  return [extent / 2, ...rest];
}
