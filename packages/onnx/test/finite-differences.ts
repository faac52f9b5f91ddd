import { createRng, type Rng } from '@baal/core';
import { expect } from 'vitest';
import { differentiate } from '../src/differentiate.ts';
import type { Graph } from '../src/graph/graph.ts';
import { GraphBuilder } from '../src/graph/graph-builder.ts';
import { float32Tensor, sizeOf, type TensorData } from '../src/graph/tensor-data.ts';
import type { Kernels } from '../src/operators/gradient-rule.ts';
import { lowerOperators } from '../src/operators/lower-operators.ts';
import { loadOnnxRuntime, type OnnxRuntime } from '../src/runtime/onnx-runtime.ts';
import { openSession } from '../src/runtime/session.ts';
import { constantTensor } from '../src/runtime/tensors.ts';
import { type TracedValue, traceGraph } from '../src/runtime/trace.ts';

/** Makes `size` values of an operand. */
export type Values = (rng: Rng, size: number) => ArrayLike<number>;

/** An operand: `'N'` stands for the batch; every extent but the first has to be a number. */
export interface Operand {
  readonly shape: readonly (number | 'N')[];
  /** Standard normal by default. */
  readonly values?: Values;
  /** Integers: fed, not differentiated. */
  readonly integer?: boolean;
  /** False: a constant of the graph. */
  readonly differentiate?: boolean;
}

/** A small graph to check. */
export interface GradientCheck {
  /** Appends the operations; returns the outputs to weigh. */
  readonly build: (g: GraphBuilder) => string | readonly string[];
  readonly operands: Readonly<Record<string, Operand>>;
  readonly opset?: number;
  readonly kernels?: Kernels;
  /** Batch sizes at which gradients are compared; the graph is traced at 2 and 3. */
  readonly batches?: readonly number[];
  /** Step of the differences; kinks must be further away. */
  readonly step?: number;
  /** Allowed distance, relative to the largest gradient of the operand. */
  readonly tolerance?: number;
}

/** Standard normal values, moved at least `distance` away from the given points. */
export function awayFrom(points: readonly number[], distance = 0.1): Values {
  return (rng, size) =>
    Float32Array.from({ length: size }, () => {
      let value = 0;
      do value = 1.5 * rng.normal();
      while (points.some((point) => Math.abs(value - point) < distance));
      return value;
    });
}

/** Uniform values. */
export function within(low: number, high: number): Values {
  return (rng, size) =>
    Float32Array.from({ length: size }, () => low + (high - low) * rng.uniform());
}

/** Values of which no two are closer than `gap`: no ties between maxima. */
export function distinct(gap = 0.25): Values {
  return (rng, size) => Float32Array.from(rng.permutation(size), (rank) => gap * (rank - size / 2));
}

/** Integers 0 … n-1. */
export function below(n: number): Values {
  return (rng, size) => Array.from({ length: size }, () => rng.int(n));
}

const runtime: OnnxRuntime = await loadOnnxRuntime();

/** Up to this many elements of an operand are differenced one by one. */
const ELEMENTS = 40;
/** Directions over all elements at once, for large operands. */
const DIRECTIONS = 4;

/**
 * Compares every gradient of the sum of the outputs, with random weights, with central differences
 * of the forward graph: extrapolated from two steps (Richardson), summed in float64 over outputs
 * computed in float32. Large operands: some elements, and random directions through all of them.
 */
export async function expectGradients(check: GradientCheck): Promise<void> {
  const { operands, batches = [3, 5], step = 0.04, tolerance = 1e-3, kernels } = check;
  const rng = createRng('finite differences');
  const differentiable = Object.keys(operands).filter(
    (name) => !operands[name]?.integer && operands[name]?.differentiate !== false,
  );
  const { forward, gradient, outputs, gradients } = await compile(check, differentiable, kernels);
  try {
    for (const batch of batches) {
      const feeds = new Map<string, TensorData>();
      for (const [name, operand] of Object.entries(operands)) {
        if (operand.differentiate === false) continue;
        feeds.set(name, operandValues(operand, batch, rng.fork(`${batch}/${name}`)));
      }
      const first = await run(forward, feeds);
      const weights = new Map<string, TensorData>();
      for (const name of outputs) {
        const { shape } = first.get(name) as TensorData;
        const values = within(0.5, 1.5)(rng.fork(`${batch}/weight/${name}`), sizeOf(shape));
        const signs = rng.fork(`${batch}/sign/${name}`);
        weights.set(
          `weight/${name}`,
          float32Tensor(
            Float32Array.from(values, (v) => (signs.int(2) === 0 ? v : -v)),
            shape,
          ),
        );
      }
      const loss = async (): Promise<number> => {
        const results = await run(forward, feeds);
        let sum = 0;
        for (const name of outputs) {
          const values = results.get(name)?.data as Float32Array;
          const factors = weights.get(`weight/${name}`)?.data as Float32Array;
          for (let i = 0; i < values.length; i++)
            sum += (values[i] as number) * (factors[i] as number);
        }
        return sum;
      };
      const analytic = await run(gradient, new Map([...feeds, ...weights]));
      for (const name of differentiable) {
        const operand = feeds.get(name) as TensorData;
        const result = analytic.get(gradients.get(name) ?? '');
        expect(result?.shape, `shape of the gradient of ${name}`).toEqual(operand.shape);
        const found = result?.data as Float32Array;
        const scale = Math.max(1e-2, ...found.map(Math.abs));
        for (const direction of directionsOf(found.length, rng.fork(`${batch}/along/${name}`))) {
          const slope = await centralDifference(
            operand.data as Float32Array,
            direction,
            step,
            loss,
          );
          let expected = 0;
          for (const [i, sign] of direction) expected += sign * (found[i] as number);
          const distance = Math.abs(slope - expected) / (scale * Math.sqrt(direction.length));
          expect(
            distance,
            `${name}[${direction[0]?.[0]}${direction.length > 1 ? ', …' : ''}], batch ${batch}: differences ${slope}, gradient ${expected}`,
          ).toBeLessThan(tolerance);
        }
      }
    }
  } finally {
    await forward.release();
    await gradient.release();
  }
}

/** Gradients of the sum of the outputs (weights all one) at given values, for points where differences do not help. */
export async function gradientsAt(
  check: Pick<GradientCheck, 'build' | 'operands' | 'opset' | 'kernels'>,
  values: Readonly<Record<string, readonly number[]>>,
  batch: number,
): Promise<Map<string, number[]>> {
  const names = Object.keys(check.operands);
  const { forward, gradient, outputs, gradients } = await compile(check, names, check.kernels);
  try {
    const feeds = new Map<string, TensorData>();
    for (const [name, operand] of Object.entries(check.operands)) {
      const shape = operand.shape.map((extent) => (extent === 'N' ? batch : extent));
      feeds.set(name, float32Tensor(values[name] as readonly number[], shape));
    }
    const first = await run(forward, feeds);
    for (const name of outputs) {
      const { shape } = first.get(name) as TensorData;
      feeds.set(`weight/${name}`, float32Tensor(new Float32Array(sizeOf(shape)).fill(1), shape));
    }
    const results = await run(gradient, feeds);
    return new Map(
      names.map((name) => [
        name,
        Array.from(results.get(gradients.get(name) ?? '')?.data as Float32Array),
      ]),
    );
  } finally {
    await forward.release();
    await gradient.release();
  }
}

type Session = Awaited<ReturnType<typeof openSession>>;

async function compile(
  check: Pick<GradientCheck, 'build' | 'operands' | 'opset'>,
  wanted: readonly string[],
  kernels?: Kernels,
): Promise<{
  forward: Session;
  gradient: Session;
  outputs: string[];
  gradients: ReadonlyMap<string, string>;
}> {
  const { original, outputs } = forwardOf(check, kernels);
  const forward = parametersAsInputs(original, check.operands);

  // What is compared with differences of the operator as it is: the gradient of what it becomes.
  const g = new GraphBuilder(lowerOperators(original, await traceGraph(runtime, original)));

  // The weighted sum: its values have the shapes of the outputs, or none.
  const trace = await traceGraph(runtime, g.build());
  const values = new Map(trace.values);
  const scalar: TracedValue = { type: 'float32', shape: [], batchAxes: [] };
  let total: string | undefined;
  for (const name of outputs) {
    const value = values.get(name) as TracedValue;
    const weight = g.input({ name: `weight/${name}`, type: 'float32' });
    const weighted = g.op('Mul', [name, weight]);
    const axes = g.ints(value.shape.map((_, axis) => axis));
    const sum = g.op('ReduceSum', [weighted, axes], { keepdims: 0 });
    values.set(weight, value).set(weighted, value).set(sum, scalar);
    values.set(axes, { type: 'int64', shape: [value.shape.length], batchAxes: [] });
    total = total === undefined ? sum : g.op('Add', [total, sum]);
    values.set(total, scalar);
  }
  const { graph, gradients } = differentiate(parametersAsInputs(g.build(), check.operands), {
    loss: total as string,
    withRespectTo: wanted,
    trace: { ...trace, values },
    ...(kernels === undefined ? {} : { kernels }),
  });
  const session = await openSession(runtime, {
    ...graph,
    outputs: [...gradients.values()].map((name) => ({ name })),
  });
  return {
    forward: await openSession(runtime, forward),
    gradient: session,
    outputs,
    gradients,
  };
}

/** The graph of a check, small operands as initializers. */
function forwardOf(
  check: Pick<GradientCheck, 'build' | 'operands' | 'opset'>,
  kernels?: Kernels,
): { original: Graph; outputs: string[] } {
  const empty = new GraphBuilder();
  const opsets =
    kernels === undefined || kernels.nchwcBlock === 0
      ? { '': check.opset ?? 17 }
      : { '': check.opset ?? 17, 'com.microsoft.nchwc': 1 };
  const start = new GraphBuilder({ ...empty.build(), opsets });
  const rng = createRng('tracing');
  for (const [name, operand] of Object.entries(check.operands)) {
    const type = operand.integer ? 'int64' : 'float32';
    if (operand.shape[0] === 'N') start.input({ name, type, shape: operand.shape });
    else start.initializer(name, operandValues(operand, 2, rng.fork(name)));
  }
  const built = check.build(start);
  const outputs = typeof built === 'string' ? [built] : [...built];
  for (const name of outputs) start.output(name);
  return { original: start.build(), outputs };
}

/**
 * Compares what an operator becomes before differentiation with the runtime's own kernel, and its gradients
 * with differences of that kernel.
 */
export async function expectLowered(check: GradientCheck): Promise<void> {
  const { original, outputs } = forwardOf(check);
  const lowered = lowerOperators(original, await traceGraph(runtime, original));
  const replaced = original.nodes.filter((node) => !lowered.nodes.includes(node));
  expect(replaced.length, 'nodes that were lowered').toBeGreaterThan(0);
  const rng = createRng('lowered');
  for (const batch of check.batches ?? [3, 5]) {
    const feeds = new Map(
      Object.entries(check.operands).map(([name, operand]) => [
        name,
        operandValues(operand, batch, rng.fork(`${batch}/${name}`)),
      ]),
    );
    const results = await Promise.all(
      [original, lowered].map(async (graph) => {
        const session = await openSession(runtime, parametersAsInputs(graph, check.operands));
        const found = await run(session, feeds);
        await session.release();
        return found;
      }),
    );
    for (const name of outputs) {
      const [kernel, ours] = results.map((found) => found.get(name) as TensorData);
      expect(ours?.shape).toEqual(kernel?.shape);
      const expected = Array.from(kernel?.data as Float32Array);
      const scale = Math.max(1, ...expected.map(Math.abs));
      const far = expected.map((value, i) => Math.abs(value - Number(ours?.data[i])) / scale);
      expect(Math.max(...far), `${name}, batch ${batch}`).toBeLessThan(2e-6);
    }
  }
  await expectGradients(check);
}

function parametersAsInputs(graph: Graph, operands: GradientCheck['operands']): Graph {
  const initializers = new Map(graph.initializers);
  const inputs = [...graph.inputs];
  for (const [name, operand] of Object.entries(operands)) {
    const tensor = initializers.get(name);
    if (tensor === undefined || operand.differentiate === false) continue;
    initializers.delete(name);
    inputs.push({ name, type: tensor.type, shape: tensor.shape });
  }
  return { ...graph, initializers, inputs };
}

function operandValues(operand: Operand, batch: number, rng: Rng): TensorData {
  const shape = operand.shape.map((extent) => (extent === 'N' ? batch : extent));
  const values =
    operand.values?.(rng, sizeOf(shape)) ??
    Float32Array.from({ length: sizeOf(shape) }, () => rng.normal());
  return operand.integer
    ? { type: 'int64', shape, data: BigInt64Array.from(Array.from(values), BigInt) }
    : float32Tensor(Float32Array.from(values), shape);
}

async function run(
  session: Session,
  feeds: ReadonlyMap<string, TensorData>,
): Promise<Map<string, TensorData>> {
  const given = [...feeds].filter(([name]) => session.inputNames.includes(name));
  const results = await session.run(
    Object.fromEntries(given.map(([name, tensor]) => [name, constantTensor(runtime, tensor)])),
  );
  return new Map(
    Object.entries(results).map(([name, tensor]) => [
      name,
      { type: 'float32', shape: tensor.dims, data: tensor.data as Float32Array },
    ]),
  );
}

type Direction = readonly (readonly [index: number, sign: number])[];

function directionsOf(size: number, rng: Rng): Direction[] {
  const elements = size <= ELEMENTS ? size : ELEMENTS / 2;
  const single = [...rng.choice(size, elements)].map((i): Direction => [[i, 1]]);
  if (size <= ELEMENTS) return single;
  const wide = Array.from(
    { length: DIRECTIONS },
    (): Direction =>
      Array.from({ length: size }, (_, i) => [i, rng.int(2) === 0 ? 1 : -1] as const),
  );
  return [...single, ...wide];
}

/** Derivative along a direction: (4 D(h/2) - D(h)) / 3, exact up to h⁴. */
async function centralDifference(
  data: Float32Array,
  direction: Direction,
  step: number,
  loss: () => Promise<number>,
): Promise<number> {
  const start = data.slice();
  const at = async (h: number): Promise<number> => {
    for (const [i, sign] of direction) data[i] = (start[i] as number) + h * sign;
    return await loss();
  };
  const slope = async (h: number): Promise<number> => ((await at(h)) - (await at(-h))) / (2 * h);
  const [coarse, fine] = [await slope(step), await slope(step / 2)];
  data.set(start);
  return (4 * fine - coarse) / 3;
}
