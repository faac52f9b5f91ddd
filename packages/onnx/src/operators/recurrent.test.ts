import { describe, expect, it } from 'vitest';
import {
  expectGradients,
  type Operand,
  type Values,
  within,
} from '../../test/finite-differences.ts';
import type { Attribute } from '../graph/graph.ts';
import type { GraphBuilder } from '../graph/graph-builder.ts';

type Attributes = Readonly<Record<string, Attribute>>;

const [I, H] = [3, 2];

interface Layer {
  readonly opType: 'LSTM' | 'GRU';
  readonly gates: number;
  readonly attributes: Attributes;
}

const layers: readonly Layer[] = [
  { opType: 'LSTM', gates: 4, attributes: {} },
  { opType: 'GRU', gates: 3, attributes: { linear_before_reset: { int: 1 } } },
  { opType: 'GRU', gates: 3, attributes: {} },
];

const relus = { LSTM: ['Relu', 'Tanh', 'Tanh'], GRU: ['Relu', 'Tanh'] };

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
    ['other activations', { activations: { strings: relus[layer.opType] } }],
  ])('refuses %s', async (words, attributes) => {
    await expect(check(layer, { attributes })).rejects.toThrow(
      new RegExp(`${layer.opType} "rnn" has ${words}, which has no gradient rule`),
    );
  });
});
