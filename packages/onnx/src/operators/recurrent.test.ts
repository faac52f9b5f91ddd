import { createRng } from '@baal/core';
import { describe, expect, it } from 'vitest';
import {
  expectGradients,
  gradientsAt,
  type Operand,
  type Values,
  within,
} from '../../test/finite-differences.ts';
import type { Attribute } from '../graph/graph.ts';
import type { GraphBuilder } from '../graph/graph-builder.ts';

type Attributes = Readonly<Record<string, Attribute>>;

const [I, H] = [3, 2];

interface Layer {
  readonly opType: 'LSTM' | 'GRU' | 'RNN';
  readonly gates: number;
  readonly attributes: Attributes;
}

const layers: readonly Layer[] = [
  { opType: 'LSTM', gates: 4, attributes: {} },
  { opType: 'GRU', gates: 3, attributes: { linear_before_reset: { int: 1 } } },
  { opType: 'GRU', gates: 3, attributes: {} },
  { opType: 'RNN', gates: 1, attributes: {} },
];

const others = { LSTM: ['Relu', 'Tanh', 'Tanh'], GRU: ['Relu', 'Tanh'], RNN: ['Softsign'] };

/** Weights of a size at which no gate is shut. */
const weight = (shape: readonly number[]): Operand => ({ shape, values: within(-0.9, 0.9) });

/** Lengths of sequences: 1 … steps. */
const lengthsUpTo =
  (steps: number): Values =>
  (rng, size) =>
    Array.from({ length: size }, () => 1 + rng.int(steps));

interface Options {
  readonly steps?: number;
  readonly direction?: string;
  readonly bias?: boolean;
  readonly initial?: boolean;
  /** Which of Y, Y_h, Y_c the loss reads. */
  readonly read?: readonly number[];
  /** Outputs that the node does not name. */
  readonly unnamed?: readonly number[];
  /** Operands whose gradients are wanted; all of them by default. */
  readonly wanted?: readonly string[];
  readonly attributes?: Attributes;
  /** Whether sequences have lengths from 1 on. */
  readonly lengths?: boolean;
}

async function check({ opType, gates, attributes }: Layer, options: Options): Promise<void> {
  const { steps = 3, direction = 'forward', bias = true, initial = true, unnamed = [] } = options;
  const { read = opType === 'LSTM' ? [0, 1, 2] : [0, 1], wanted } = options;
  const D = direction === 'bidirectional' ? 2 : 1;
  const operands: Record<string, Operand> = {
    x: { shape: ['N', steps, I] },
    w: weight([D, gates * H, I]),
    r: weight([D, gates * H, H]),
    ...(bias ? { b: weight([D, 2 * gates * H]) } : {}),
    ...(options.lengths
      ? { lengths: { shape: ['N'], integer: true, values: lengthsUpTo(steps) } }
      : {}),
    ...(initial ? { h0: { shape: ['N', D, H] } } : {}),
    ...(initial && opType === 'LSTM' ? { c0: { shape: ['N', D, H] } } : {}),
  };
  await expectGradients({
    build: (g: GraphBuilder) => {
      const batchSecond = (name: string): string => g.op('Transpose', [name], { perm: [1, 0, 2] });
      const first = initial
        ? [batchSecond('h0'), ...(opType === 'LSTM' ? [batchSecond('c0')] : [])]
        : [];
      const lengths = options.lengths ? g.op('Cast', ['lengths'], { to: 6 }) : '';
      const names = (opType === 'LSTM' ? ['y', 'yh', 'yc'] : ['y', 'yh']).map((hint, i) =>
        unnamed.includes(i) ? '' : g.fresh(hint),
      );
      g.node({
        name: 'rnn',
        opType,
        domain: '',
        inputs: [batchSecond('x'), 'w', 'r', bias ? 'b' : '', lengths, ...first],
        outputs: names,
        attributes: {
          ...attributes,
          ...options.attributes,
          hidden_size: { int: H },
          direction: { string: direction },
        },
      });
      return read.map((i) => names[i] as string);
    },
    operands: Object.fromEntries(
      Object.entries(operands).map(([name, operand]) => [
        name,
        wanted === undefined || wanted.includes(name) || operand.shape[0] === 'N'
          ? operand
          : { ...operand, differentiate: false },
      ]),
    ),
  });
}

describe.each(layers)('gradients of $opType, $attributes', (layer) => {
  it.each(['forward', 'reverse', 'bidirectional'])('%s', async (direction) => {
    await check(layer, { direction });
  });

  it('a single step', async () => await check(layer, { steps: 1, direction: 'bidirectional' }));

  it('more steps than the tracing batch', async () => await check(layer, { steps: 7 }));

  it('without biases and first states', async () =>
    await check(layer, { bias: false, initial: false }));

  it('a loss that reads only the last state', async () => {
    await check(layer, { read: [1], direction: 'bidirectional' });
    await check(layer, { read: [1], unnamed: [0] });
  });

  it('a loss that reads only the states', async () => await check(layer, { read: [0] }));

  it.each(['w', 'r', 'b'])(
    'of the weights, only the gradient of %s',
    async (name) => await check(layer, { wanted: [name] }),
  );

  it.each(['forward', 'reverse', 'bidirectional'])(
    '%s, sequences of several lengths',
    async (d) => await check(layer, { direction: d, lengths: true, steps: 4 }),
  );

  it.each<[string, Attributes]>([
    ['clipping', { clip: { float: 3 } }],
    ['other activations', { activations: { strings: others[layer.opType] } }],
  ])('refuses %s', async (words, attributes) => {
    await expect(check(layer, { attributes })).rejects.toThrow(
      new RegExp(`${layer.opType} "rnn" has ${words}, which has no gradient rule`),
    );
  });
});

/** h = f(x·Wᵀ + h'·Rᵀ + b), two steps written out, forwards or backwards; its states and the last one. */
function writtenOut(g: GraphBuilder, activation: string, backwards: boolean): string[] {
  const first = (name: string): string => g.op('Squeeze', [name, g.ints([0])]);
  const [inputBias = '', stateBias = ''] = g.ops('Split', [first('b'), g.ints([H, H])], 2);
  const states: string[] = [];
  let h = first('h0');
  for (const t of backwards ? [1, 0] : [0, 1]) {
    const x = g.op('Gather', ['x', g.int(t)]);
    const fromInput = g.op('Gemm', [x, first('w'), inputBias], { transB: 1 });
    const fromState = g.op('Gemm', [h, first('r'), stateBias], { transB: 1 });
    h = g.op(activation, [g.op('Add', [fromInput, fromState])]);
    states[t] = g.op('Unsqueeze', [h, g.ints([0, 1])]);
  }
  return [g.op('Concat', states, { axis: 0 }), g.op('Unsqueeze', [h, g.ints([0])])];
}

describe('RNN is its steps written out', () => {
  const shapes = { x: [2, 1, I], w: [1, H, I], r: [1, H, H], b: [1, 2 * H], h0: [1, 1, H] };
  const operands = Object.fromEntries(
    Object.entries(shapes).map(([name, shape]): [string, Operand] => [name, { shape }]),
  );
  it.each(
    ['Tanh', 'Relu', 'Sigmoid'].flatMap((f) => [
      [f, 'forward'],
      [f, 'reverse'],
    ]),
  )('%s, %s', async (activation = '', direction = '') => {
    const rng = createRng(direction);
    const values = Object.fromEntries(
      Object.entries(shapes).map(([name, shape]): [string, number[]] => [
        name,
        Array.from({ length: shape.reduce((n, extent) => n * extent) }, () => rng.normal()),
      ]),
    );
    const layer = (g: GraphBuilder): string[] =>
      g.ops('RNN', ['x', 'w', 'r', 'b', '', 'h0'], 2, {
        hidden_size: H,
        direction,
        activations: { strings: [activation] },
      });
    const [found, expected] = await Promise.all(
      [layer, (g: GraphBuilder) => writtenOut(g, activation, direction === 'reverse')].map(
        async (build) => await gradientsAt({ build, operands }, values, 1),
      ),
    );
    for (const name of Object.keys(shapes)) {
      found?.get(name)?.forEach((value, i) => {
        expect(value, name).toBeCloseTo(expected?.get(name)?.[i] as number, 5);
      });
    }
    expect(found?.get('w')?.some((value) => value !== 0)).toBe(true);
  });
});

it('the two directions of an RNN have their own activations', async () => {
  await check(
    { opType: 'RNN', gates: 1, attributes: { activations: { strings: ['Sigmoid', 'Tanh'] } } },
    { direction: 'bidirectional', lengths: true, steps: 4 },
  );
});
