import { readFileSync } from 'node:fs';
import { decodeSafetensors, type NdArray } from '@baal/core';
import { afterAll, describe, expect, it } from 'vitest';
import { evaluationMode } from '../src/bayesian/evaluation-mode.ts';
import { type Graph, intAttribute } from '../src/graph/graph.ts';
import { readOnnx } from '../src/graph/read-onnx.ts';
import type { TensorData } from '../src/graph/tensor-data.ts';
import { createModel } from '../src/model.ts';
import { featureModel } from '../src/prediction/feature-model.ts';
import { Predictor } from '../src/prediction/predictor.ts';
import { loadOnnxRuntime } from '../src/runtime/onnx-runtime.ts';
import { traceGraph } from '../src/runtime/trace.ts';

interface GoldenModel {
  readonly id: string;
  readonly dir: string;
  readonly data: string;
  readonly inputs: readonly { readonly name: string }[];
  readonly outputs: readonly { readonly name: string; readonly shape: readonly number[] }[];
  readonly trainable: readonly string[];
  readonly expected: Readonly<Record<string, { readonly tensor?: string }>>;
}

const folder = new URL('./golden/training/', import.meta.url);
const { cases } = JSON.parse(readFileSync(new URL('manifest.json', folder), 'utf8')) as {
  readonly cases: readonly GoldenModel[];
};
const runtime = await loadOnnxRuntime();
const open: Predictor[] = [];
afterAll(async () => {
  for (const predictor of open) await predictor.dispose();
});

/** A layer that maps features `[D]` to outputs `[C]`: weights `[C, D]` and a bias. */
interface Head {
  readonly weight: (c: number, d: number) => number;
  readonly bias: (c: number) => number;
  readonly D: number;
}

/** The head in front of the output, where it is a product or a 1x1 convolution; none else. */
function headOf(graph: Graph, output: string): Head | undefined {
  const makerOf = (name: string) => graph.nodes.find((node) => node.outputs.includes(name));
  const constant = (name: string): TensorData | undefined => graph.initializers.get(name);
  let node = makerOf(output);
  let bias: TensorData | undefined;
  if (node?.opType === 'Add') {
    const [a = '', b = ''] = node.inputs;
    bias = constant(a) ?? constant(b);
    node = makerOf(constant(a) === undefined ? a : b);
  }
  const given = node?.inputs[1] ?? '';
  // An exported head may turn its weights around by a node of its own.
  const turned = makerOf(given)?.opType === 'Transpose' ? makerOf(given)?.inputs[0] : undefined;
  const weight = constant(turned ?? given);
  if (node === undefined || weight === undefined) return undefined;
  const transposed =
    node.opType === 'Conv' || turned !== undefined || intAttribute(node, 'transB', 0) === 1;
  const [rows = 0, columns = 0, ...kernel] = weight.shape;
  if (!['Gemm', 'MatMul', 'Conv'].includes(node.opType) || kernel.some((size) => size !== 1)) {
    return undefined;
  }
  bias ??= constant(node.inputs[2] ?? '');
  return {
    D: transposed ? columns : rows,
    weight: (c, d) => Number(weight.data[transposed ? c * columns + d : d * columns + c]),
    bias: (c) => Number(bias?.data[c] ?? 0),
  };
}

/** Means over all axes but the first and that of the classes, `[n, C]`. */
function meanOutputs({ data, shape }: NdArray, classAxis: number): number[] {
  const [n = 0] = shape;
  const C = shape[classAxis] as number;
  const size = data.length / n;
  const inner = shape.slice(classAxis + 1).reduce((product, extent) => product * extent, 1);
  const means = new Array<number>(n * C).fill(0);
  data.forEach((value: number | bigint, at: number) => {
    const c = Math.floor(at / inner) % C;
    const i = Math.floor(at / size) * C + c;
    means[i] = (means[i] as number) + Number(value) / (size / C);
  });
  return means;
}

describe('features of exported models: with the last layer they make what PyTorch made', () => {
  it('knows all cases', () => expect(cases.length).toBe(46));

  it.each(cases.map((golden) => [golden.id, golden] as const))('%s', async (id, golden) => {
    const file = (name: string): Buffer => readFileSync(new URL(`${golden.dir}/${name}`, folder));
    const { tensors } = decodeSafetensors(file(golden.data));
    const model = createModel(readOnnx(file('eval.onnx'), id), {
      kind: 'logits',
      trainable: golden.trainable,
    });
    const graph = evaluationMode(model.graph, model.output);
    const trace = await traceGraph(runtime, graph, model.inputShapes);
    const predictor = await Predictor.create(
      runtime,
      featureModel(model, trace),
      { iterations: 1, replicate: false, memoryBudgetBytes: 2 ** 28, threads: 1 },
      trace,
    );
    open.push(predictor);
    const batch: Record<string, TensorData> = {};
    for (const { name } of graph.inputs) {
      const { data, shape } = tensors.get(`step0/${name}`) as NdArray;
      const type = data instanceof BigInt64Array ? 'int64' : 'float32';
      batch[name] = { type, shape, data: data as Float32Array };
    }
    const n = Object.values(batch)[0]?.shape[0] as number;
    const { data, shape } = await predictor.predict(batch, n, undefined, 0);
    const D = data.length / n;
    expect(shape.slice(0, 3)).toEqual([n, 1, D]);
    const head = headOf(graph, model.output);
    if (head === undefined) throw new Error(`${id} has no linear head`);
    // The mean over positions and a linear head change places.
    const tagger = id.startsWith('tagger');
    const logits = tensors.get(
      golden.expected[`output_eval_initial/${model.output}`]?.tensor as string,
    ) as NdArray;
    const expected = meanOutputs(logits, tagger ? 2 : 1);
    const C = expected.length / n;
    expect(head.D).toBe(D);
    expected.forEach((value, at) => {
      const [i, c] = [Math.floor(at / C), at % C];
      let own = head.bias(c);
      for (let d = 0; d < D; d++) own += head.weight(c, d) * (data[i * D + d] as number);
      expect(Math.abs(own - value)).toBeLessThan(1e-4 * (1 + Math.abs(value)));
    });
  });
});
