import { type Minimum, minimize, type Objective } from './minimize.ts';

/**
 * Minimises `nll(W, b) + lambda ||W|| + mu ||b||` with norms that are not squared. They have a kink at 0,
 * where a whole block may end exactly: block by block, 0 is the optimum if and only if the norm of the
 * gradient of the nll there is at most the weight. So the smaller problems are tried first, and the
 * first one that passes is the optimum of this convex problem.
 *
 * @param nll - adds its gradient; parameters W (`split` of them), then b
 * @param start - a point with W and b different from 0 where they may be free
 */
export function minimizeWithNorms(
  nll: Objective,
  start: Float64Array,
  split: number,
  lambda: number,
  mu: number,
): Minimum {
  const zero = new Float64Array(start.length);
  const weightNorm = (g: Float64Array): number => norm(g.subarray(0, split));
  const biasNorm = (g: Float64Array): number => norm(g.subarray(split));
  const atZero = gradientAt(nll, zero);
  const weightFree = weightNorm(atZero.gradient) > lambda;
  const biasFree = biasNorm(atZero.gradient) > mu;
  if (!weightFree && !biasFree) {
    return { x: zero, value: atZero.value, gradient: 0, iterations: 0, converged: true };
  }
  const solve = (weight: boolean, bias: boolean, from: Float64Array): Minimum =>
    minimize(withNorms(nll, split, weight ? lambda : null, bias ? mu : null), from);
  let from = start;
  if (weightFree) {
    const only = solve(
      true,
      false,
      start.map((v, i) => (i < split ? v : 0)),
    );
    const { gradient } = gradientAt(nll, only.x);
    if (biasNorm(gradient) <= mu) return only;
    // Leave the kink downhill: at b = 0 the objective has no gradient by b.
    from = only.x.map((v, i) => (i < split ? v : -0.1 * (gradient[i] as number)));
  }
  if (biasFree) {
    const only = solve(
      false,
      true,
      atZero.gradient.map((g, i) => (i < split ? 0 : -g)),
    );
    if (weightNorm(gradientAt(nll, only.x).gradient) <= lambda) return only;
  }
  if (!weightFree || biasNorm(from) === 0) {
    from = start.map((v, i) => (i < split ? v : -0.1 * (atZero.gradient[i] as number)));
  }
  return solve(true, true, from);
}

/** The objective over the free blocks; a block without a weight stays where it is. */
function withNorms(
  nll: Objective,
  split: number,
  lambda: number | null,
  mu: number | null,
): Objective {
  return (x, gradient) => {
    gradient.fill(0);
    let value = nll(x, gradient);
    for (const [weight, from, to] of [
      [lambda, 0, split],
      [mu, split, x.length],
    ] as const) {
      if (weight === null) {
        gradient.fill(0, from, to);
        continue;
      }
      const length = norm(x.subarray(from, to));
      value += weight * length;
      if (length === 0) continue;
      for (let i = from; i < to; i++) {
        gradient[i] = (gradient[i] as number) + (weight * (x[i] as number)) / length;
      }
    }
    return value;
  };
}

function gradientAt(
  nll: Objective,
  x: Float64Array,
): { readonly value: number; readonly gradient: Float64Array } {
  const gradient = new Float64Array(x.length);
  return { value: nll(x, gradient), gradient };
}

function norm(values: Float64Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
}
