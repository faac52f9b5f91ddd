/** A smooth function: writes its gradient at `x` and returns its value. */
export type Objective = (x: Float64Array, gradient: Float64Array) => number;

/** Where a minimisation ended. */
export interface Minimum {
  /** The point. */
  readonly x: Float64Array;
  /** Value of the objective. */
  readonly value: number;
  /** Largest absolute entry of the gradient. */
  readonly gradient: number;
  /** Steps that were made. */
  readonly iterations: number;
  /** Whether the gradient came below the tolerance. */
  readonly converged: boolean;
}

/** Settings of {@link minimize}. */
export interface MinimizeOptions {
  /** Largest absolute entry of the gradient at which it ends. Default 1e-9. */
  readonly tolerance?: number;
  /** Steps after which it gives up. Default 2000. */
  readonly maxIterations?: number;
}

/** Steps that the Hessian is estimated from. */
const MEMORY = 20;

/**
 * Minimises a smooth convex function by limited-memory BFGS. The step is searched by bisection for the
 * weak Wolfe conditions; near the minimum, where values differ by rounding only, the slope decides.
 * Deterministic. O(d) memory, O(d) and an evaluation or two a step.
 *
 * @see Nocedal and Wright, Numerical Optimization (2006), alg. 7.4; Hager and Zhang (2005), eq. 4.1 (approximate Wolfe)
 */
export function minimize(
  objective: Objective,
  start: Float64Array,
  { tolerance = 1e-9, maxIterations = 2000 }: MinimizeOptions = {},
): Minimum {
  let x: Float64Array = Float64Array.from(start);
  let gradient: Float64Array = new Float64Array(x.length);
  let value = objective(x, gradient);
  const history: Step[] = [];
  let iterations = 0;
  while (largest(gradient) > tolerance && iterations < maxIterations) {
    let direction = newtonDirection(gradient, history);
    if (!(dot(direction, gradient) < 0)) {
      history.length = 0;
      direction = gradient.map((g) => -g);
    }
    const first = history.length === 0 ? Math.min(1, 1 / Math.sqrt(dot(gradient, gradient))) : 1;
    const next = searchLine(objective, x, value, gradient, direction, first);
    if (next === null) break;
    const moved = next.x.map((v, i) => v - (x[i] as number));
    const change = next.gradient.map((v, i) => v - (gradient[i] as number));
    const curvature = dot(moved, change);
    if (curvature > 0) {
      history.push({ moved, change, curvature });
      if (history.length > MEMORY) history.shift();
    }
    ({ x, value, gradient } = next);
    iterations++;
  }
  const steepest = largest(gradient);
  return { x, value, gradient: steepest, iterations, converged: steepest <= tolerance };
}

interface Step {
  readonly moved: Float64Array;
  readonly change: Float64Array;
  readonly curvature: number;
}

interface Point {
  readonly x: Float64Array;
  readonly value: number;
  readonly gradient: Float64Array;
}

/** Minus the estimated inverse Hessian times the gradient: the two-loop recursion. */
function newtonDirection(gradient: Float64Array, history: readonly Step[]): Float64Array {
  const direction = gradient.map((g) => -g);
  const factors: number[] = [];
  for (let k = history.length - 1; k >= 0; k--) {
    const { moved, change, curvature } = history[k] as Step;
    const factor = dot(moved, direction) / curvature;
    factors[k] = factor;
    addScaled(direction, change, -factor);
  }
  const last = history.at(-1);
  if (last !== undefined) {
    const scale = last.curvature / dot(last.change, last.change);
    for (let i = 0; i < direction.length; i++) direction[i] = (direction[i] as number) * scale;
  }
  for (const [k, { moved, change, curvature }] of history.entries()) {
    addScaled(direction, moved, (factors[k] as number) - dot(change, direction) / curvature);
  }
  return direction;
}

/** A point down the direction that is lower by enough and less steep; null if rounding leaves none. */
function searchLine(
  objective: Objective,
  x: Float64Array,
  value: number,
  gradient: Float64Array,
  direction: Float64Array,
  first: number,
): Point | null {
  const slope = dot(gradient, direction);
  const noise = 1e-14 * Math.abs(value);
  let [low, high, step] = [0, Number.POSITIVE_INFINITY, first];
  for (let tries = 0; tries < 80; tries++) {
    const at = Float64Array.from(x, (v, i) => v + step * (direction[i] as number));
    const there = new Float64Array(x.length);
    const height = objective(at, there);
    const steepness = dot(there, direction);
    const lower = height <= value + 1e-4 * step * slope;
    const level = height <= value + noise && steepness <= -0.8 * slope;
    if (!(lower || level)) high = step;
    else if (steepness < 0.9 * slope) low = step;
    else return { x: at, value: height, gradient: there };
    step = high === Number.POSITIVE_INFINITY ? 2 * low : (low + high) / 2;
  }
  return null;
}

function addScaled(target: Float64Array, source: Float64Array, factor: number): void {
  for (let i = 0; i < target.length; i++) {
    target[i] = (target[i] as number) + factor * (source[i] as number);
  }
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

/** Largest absolute entry. */
function largest(values: Float64Array): number {
  return values.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
}
