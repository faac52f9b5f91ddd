import { describe, expect, it } from 'vitest';
import type { Graph } from '../graph/graph.ts';
import { GraphBuilder } from '../graph/graph-builder.ts';
import { int64Tensor, toIntegers } from '../graph/tensor-data.ts';
import { loadOnnxRuntime } from './onnx-runtime.ts';
import { type Trace, traceGraph } from './trace.ts';

const runtime = await loadOnnxRuntime();

/** Values computed from the shape of x and from x, at a batch extent that is free or fixed. */
async function traced(batch: string | number): Promise<Trace> {
  const g = new GraphBuilder();
  g.input({ name: 'x', type: 'float32', shape: [batch, 6] });
  g.initializer('three', int64Tensor([3]));
  g.op('Shape', ['x'], {}, 'shape');
  g.op('Gather', ['shape', g.ints([1])], {}, 'columns');
  g.op('Div', ['columns', 'three'], {}, 'third');
  g.op('Gather', ['shape', g.ints([0])], {}, 'rows');
  g.op('ConstantOfShape', ['shape'], {}, 'zeros');
  g.op('ArgMax', ['x'], { axis: 1 }, 'best');
  g.op('RandomNormal', [], { shape: [2] }, 'noise');
  g.op('Range', [g.int(0), g.int(2000), g.int(1)], {}, 'long');
  return await traceGraph(runtime, g.build());
}

describe('traceGraph', () => {
  it('knows the values that no batch changes', async () => {
    const { constants } = await traced('batch');
    const names = [...constants.keys()].filter((name) => !name.startsWith('const'));
    expect(names.toSorted()).toEqual(['columns', 'third']);
    expect(toIntegers(constants.get('third') ?? int64Tensor([]))).toEqual([2]);
  });

  it('knows more where the batch is fixed', async () => {
    const { constants, values } = await traced(4);
    expect([...constants.keys()].toSorted()).toEqual([
      'columns',
      'rows',
      'shape',
      'third',
      'zeros',
    ]);
    expect(toIntegers(constants.get('shape') ?? int64Tensor([]))).toEqual([4, 6]);
    expect(values.get('long')).toEqual({ type: 'int64', shape: [2000], batchAxes: [] });
  });

  it('tells which values may differ at other batches and on other data, though two runs saw them equal', async () => {
    const of = async (batch: string | number): Promise<string[]> => {
      const g = new GraphBuilder();
      g.input({ name: 'x', type: 'float32', shape: [batch, 6] });
      g.op('Shape', ['x'], { start: -1 }, 'width');
      g.op('Shape', ['x'], { end: 1 }, 'rows');
      g.op('Min', ['rows', g.ints([2])], {}, 'most');
      g.op('Concat', ['rows', 'width'], { axis: 0 }, 'extents');
      g.op('Reshape', ['x', 'extents'], {}, 'same');
      g.op('Concat', ['most', 'width'], { axis: 0 }, 'cut extents');
      g.op('ConstantOfShape', ['cut extents'], {}, 'cut');
      g.op('Shape', ['cut'], {}, 'of cut');
      g.op('NonZero', ['x'], {}, 'places');
      g.op('Neg', ['places'], {}, 'negative');
      const names = new Set(['extents', 'width', 'same', 'cut', 'most', 'of cut', 'negative']);
      const { unsettled } = await traceGraph(runtime, g.build());
      return [...unsettled].filter((name) => names.has(name)).toSorted();
    };
    expect(await of('batch')).toEqual(['cut', 'extents', 'most', 'negative', 'of cut']);
    expect(await of(2)).toEqual(['negative']);
  });

  it('refuses inputs that no memory holds, and values inside the graph likewise', async () => {
    const wide = new GraphBuilder();
    wide.input({ name: 'x', type: 'float32', shape: ['batch', 2 ** 40] });
    wide.op('Relu', ['x']);
    await expect(traceGraph(runtime, wide.build())).rejects.toThrow(
      'input "x" has shape [2, 1099511627776], expected at most 1073741824 values',
    );
    const inside = new GraphBuilder();
    inside.input({ name: 'x', type: 'float32', shape: ['batch', 1] });
    inside.op('Expand', ['x', inside.ints([2 ** 40, 1, 2 ** 10])]);
    await expect(traceGraph(runtime, inside.build())).rejects.toThrow(
      'traceGraph: the graph cannot run on a batch of 2',
    );
  });

  it('feeds inputs of any type', async () => {
    const g = new GraphBuilder();
    for (const type of ['float16', 'int8', 'uint16', 'uint64', 'bool'] as const) {
      g.input({ name: type, type, shape: ['batch', 2] });
      g.op('Cast', [type], { to: 1 }, `from ${type}`);
    }
    const { values } = await traceGraph(runtime, g.build());
    expect(values.get('from int8')).toEqual({ type: 'float32', shape: [2, 2], batchAxes: [0] });
    expect(values.get('uint64')?.type).toBe('uint64');
  });

  // The build for WebGPU of onnxruntime-web has none.
  it('does not ask for Dropout, unless its mask is read', async () => {
    const seen: string[] = [];
    const spy: typeof runtime = {
      ...runtime,
      InferenceSession: {
        create: (bytes, options) => {
          seen.push(Buffer.from(bytes).toString('latin1'));
          return runtime.InferenceSession.create(bytes, options);
        },
      },
    };
    const graph = (readsMask: boolean): ReturnType<GraphBuilder['build']> => {
      const g = new GraphBuilder();
      g.input({ name: 'x', type: 'float32', shape: ['batch', 5] });
      const [, mask = ''] = g.ops('Dropout', ['x'], 2, {}, 'dropped');
      if (readsMask) g.op('Not', [mask], {}, 'turned');
      return g.build();
    };
    const { values } = await traceGraph(spy, graph(false));
    expect([...values.values()]).toContainEqual({ type: 'float32', shape: [2, 5], batchAxes: [0] });
    expect(seen.at(-1)).not.toContain('Dropout');
    const read = await traceGraph(spy, graph(true));
    expect(read.values.get('turned')).toEqual({ type: 'bool', shape: [2, 5], batchAxes: [0] });
    expect(seen.at(-1)).toContain('Dropout');
  });

  it('sees that a branch reads the mask of a Dropout', async () => {
    const branch = (opType: string): Graph => {
      const inner = new GraphBuilder(undefined, opType);
      inner.output(inner.op(opType, ['mask'], {}, `${opType} of the mask`));
      return inner.build();
    };
    const g = new GraphBuilder();
    g.input({ name: 'x', type: 'float32', shape: ['batch', 5] });
    g.node({
      name: 'drop',
      opType: 'Dropout',
      domain: '',
      inputs: ['x'],
      outputs: ['dropped', 'mask'],
      attributes: {},
    });
    const sum = g.op('ReduceSum', ['x'], { keepdims: 0 });
    g.op(
      'If',
      [g.op('Cast', [sum], { to: 9 })],
      { then_branch: { graph: branch('Not') }, else_branch: { graph: branch('Identity') } },
      'chosen',
    );
    const { values } = await traceGraph(runtime, g.build());
    expect(values.get('chosen')).toEqual({ type: 'bool', shape: [2, 5], batchAxes: [0] });
  });
});
