import { ConfigError } from '@baal/core';
import type { Loss } from './loss.ts';
import { itemShape, rowsOf, rowTensor, stackTargets } from './targets.ts';

/** Settings of {@link huber}. */
export interface HuberOptions {
  /** Distance δ at which the parabola becomes a line, above 0; 1 by default. */
  readonly delta?: number;
}

const where = 'huber';

/**
 * Mean over all elements of `d²/2` where |d| <= δ and `δ(|d| - δ/2)` beyond, d = output - target; targets
 * in the shape of the output. As `c (d - c/2)` with c = d clipped to ±δ.
 *
 * @throws ConfigError unless δ is finite and above 0.
 * @see Huber 1964, Robust Estimation of a Location Parameter
 */
export function huber(options: HuberOptions = {}): Loss {
  const { delta = 1 } = options;
  if (!(delta > 0 && delta < Infinity)) {
    throw new ConfigError(`${where}: delta is ${delta}, expected a finite number above 0`);
  }
  return {
    name: where,
    append(g, output, prefix) {
      const targets = rowsOf(`${prefix}/values`, itemShape(where, output));
      const d = g.op('Sub', [output.name, g.input(targets)]);
      const c = g.op('Clip', [d, g.float(-delta), g.float(delta)]);
      const rest = g.op('Sub', [d, g.op('Mul', [c, g.float(0.5)])]);
      const mean = g.op('ReduceMean', [g.op('Mul', [c, rest])], { keepdims: 0 });
      return { loss: mean, inputs: [targets] };
    },
    feeds(targets, output, prefix, nameOf) {
      const shape = itemShape(where, output);
      const values = stackTargets(where, targets, shape, nameOf);
      return { [`${prefix}/values`]: rowTensor(values, shape, targets.length) };
    },
  };
}
