import type { Objective } from './minimize.ts';

/** `sum_i weight_i (x_i - center_i)^2`. */
export interface SquarePenalty {
  /** One weight a parameter. */
  readonly weights: Float64Array;
  /** Where the penalty is 0. */
  readonly center: Float64Array;
}

/**
 * Quadratic penalties on W `[C, C]` and b `[C]`: `l2` towards 0, `identity` towards the identity, `odir`
 * on the off-diagonal (its mean, weighted by lambda) and the intercept (its mean, weighted by mu).
 */
export function squarePenalty(
  kind: 'l2' | 'identity' | 'odir',
  C: number,
  lambda: number,
  mu: number,
): SquarePenalty {
  const weights = new Float64Array(C * C + C);
  const center = new Float64Array(C * C + C);
  const odir = kind === 'odir';
  weights.fill(odir ? lambda / (C * (C - 1)) : lambda, 0, C * C);
  weights.fill(odir ? mu / C : mu, C * C);
  for (let c = 0; c < C; c++) {
    if (odir) weights[c * C + c] = 0;
    if (kind === 'identity') center[c * C + c] = 1;
  }
  return { weights, center };
}

/** An nll (which adds its gradient) plus a penalty, as an objective. */
export function penalized(nll: Objective, { weights, center }: SquarePenalty): Objective {
  return (x, gradient) => {
    gradient.fill(0);
    let value = nll(x, gradient);
    for (let i = 0; i < x.length; i++) {
      const away = (x[i] as number) - (center[i] as number);
      const weight = weights[i] as number;
      value += weight * away * away;
      gradient[i] = (gradient[i] as number) + 2 * weight * away;
    }
    return value;
  };
}
