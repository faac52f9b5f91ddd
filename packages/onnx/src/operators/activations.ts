import type { GradientRule } from './gradient-rule.ts';

/**
 * 1 where y > 0, else 0, in one vectorised operation: HardSigmoid with a slope so steep that every
 * positive value down to 1e-38 is at its upper bound. Measured four times as fast as `Sign` and twice
 * as fast as `Greater` and `Cast`.
 */
const steep = { alpha: { float: 1e38 }, beta: { float: 0 } } as const;

/** Relu: dX = dY where Y > 0. */
export const relu: GradientRule = ({ g, ...context }) => {
  const dY = context.gradient();
  if (dY === undefined) return [];
  return [g.op('Mul', [dY, g.op('HardSigmoid', [context.output()], steep)])];
};
