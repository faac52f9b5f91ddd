import { describe, expect, it } from 'vitest';
import { apply, expectClose, expectTrains, inputs, network } from '../../test/network-check.ts';
import { int64Tensor } from '../graph/tensor-data.ts';
import { dense } from './dense.ts';
import { embedding } from './embedding.ts';
import { gru, lstm } from './recurrent.ts';
import { meanOverTokens, projection } from './sequence.ts';

const logistic = (v: number): number => 1 / (1 + Math.exp(-v));

interface Weights {
  readonly w: ArrayLike<number>;
  readonly r: ArrayLike<number>;
  readonly b: ArrayLike<number>;
}

/** Gates of one direction, `x·Wᵀ + b` and `h·Rᵀ + b'` apart. */
function gates(
  x: readonly number[],
  h: readonly number[],
  { w, r, b }: Weights,
  n: number,
): { fromX: number[]; fromH: number[] } {
  const H = h.length;
  const row = (m: ArrayLike<number>, v: readonly number[], i: number): number =>
    v.reduce((sum, value, j) => sum + value * (m[i * v.length + j] as number), 0);
  const all = Array.from({ length: n * H }, (_, i) => i);
  return {
    fromX: all.map((i) => row(w, x, i) + (b[i] as number)),
    fromH: all.map((i) => row(r, h, i) + (b[n * H + i] as number)),
  };
}

/** States of one direction at each step, written as the equations are printed. ONNX's order: i o f c; z r h. */
function run(
  kind: 'lstm' | 'gru',
  steps: readonly number[][],
  H: number,
  weights: Weights,
): number[][] {
  let h = Array<number>(H).fill(0);
  let c = Array<number>(H).fill(0);
  return steps.map((x) => {
    const { fromX, fromH } = gates(x, h, weights, kind === 'lstm' ? 4 : 3);
    const sum = (gate: number, j: number): number =>
      (fromX[gate * H + j] as number) + (fromH[gate * H + j] as number);
    if (kind === 'lstm') {
      c = c.map(
        (cell, j) => logistic(sum(2, j)) * cell + logistic(sum(0, j)) * Math.tanh(sum(3, j)),
      );
      h = c.map((cell, j) => logistic(sum(1, j)) * Math.tanh(cell));
    } else {
      h = h.map((state, j) => {
        const [z, r] = [logistic(sum(0, j)), logistic(sum(1, j))];
        const candidate = Math.tanh(
          (fromX[2 * H + j] as number) + r * (fromH[2 * H + j] as number),
        );
        return (1 - z) * candidate + z * state;
      });
    }
    return h;
  });
}

const half = (values: Float32Array, which: number): Float32Array =>
  values.subarray((which * values.length) / 2, ((which + 1) * values.length) / 2);

describe.each(['lstm', 'gru'] as const)('%s', (kind) => {
  const layer = kind === 'lstm' ? lstm : gru;
  const [T, D, H] = [4, 3, 2];
  const batch = inputs(2, [T, D]);
  const x = [0, 1].map((n) =>
    Array.from({ length: T }, (_, t) =>
      Array.from((batch.data as Float32Array).slice((n * T + t) * D, (n * T + t + 1) * D)),
    ),
  );

  it('by its equations, each step and the last one', async () => {
    const all = await apply([layer(H)], batch);
    const weights = {
      w: all.weight(`${kind}1.weight`),
      r: all.weight(`${kind}1.recurrence`),
      b: all.weight(`${kind}1.bias`),
    };
    const states = x.map((steps) => run(kind, steps, H, weights));
    expectClose(all.output, states.flat(2), 5);
    const last = await apply([layer(H, { returns: 'last' })], batch);
    expectClose(
      last.output,
      states.flatMap((steps) => steps.at(-1) as number[]),
      5,
    );
  });

  it('in both directions', async () => {
    const all = await apply([layer(H, { bidirectional: true })], batch);
    const weights = (which: number): Weights => ({
      w: half(all.weight(`${kind}1.weight`), which),
      r: half(all.weight(`${kind}1.recurrence`), which),
      b: half(all.weight(`${kind}1.bias`), which),
    });
    const ahead = x.map((steps) => run(kind, steps, H, weights(0)));
    const back = x.map((steps) => run(kind, steps.toReversed(), H, weights(1)).toReversed());
    const expected = ahead.flatMap((steps, n) =>
      steps.flatMap((state, t) => [...state, ...((back[n] as number[][])[t] as number[])]),
    );
    expectClose(all.output, expected, 5);
    const last = await apply([layer(H, { bidirectional: true, returns: 'last' })], batch);
    expectClose(
      last.output,
      ahead.flatMap((steps, n) => [
        ...(steps.at(-1) as number[]),
        ...((back[n] as number[][])[0] as number[]),
      ]),
      5,
    );
  });

  it('ends where the padding begins', async () => {
    const layers = [
      embedding(5, D, { paddingIndex: 0 }),
      layer(H, { bidirectional: true, returns: 'last' }),
    ];
    const short = await apply(layers, int64Tensor([3, 1], [1, 2]));
    const long = await apply(layers, int64Tensor([3, 1, 0, 0], [1, 4]));
    expectClose(long.output, short.output, 5);
    const sequence = [embedding(5, D, { paddingIndex: 0 }), layer(H)];
    const { output } = await apply(sequence, int64Tensor([3, 1, 0, 0], [1, 4]));
    expect([...output.slice(2 * H)]).toEqual([0, 0, 0, 0]);
    const nothing = await apply(layers, int64Tensor([0, 0], [1, 2]));
    expect(nothing.output.every(Number.isFinite)).toBe(true);
  });

  it('trains, with padding, in layers and both directions', async () => {
    const layers = [
      embedding(6, 4, { paddingIndex: 0 }),
      layer(3, { bidirectional: true, layers: 2 }),
      projection(4),
      meanOverTokens(),
      dense(3),
    ];
    await expectTrains(layers, inputs(6, [5], 6), (i) => i % 3, { step: 0.05, tolerance: 0.02 });
  });

  it('refuses wrong settings', () => {
    expect(() => layer(0)).toThrow(`${kind}: units is 0`);
    expect(() => network([layer(2)], inputs(1, [3]))).toThrow(/expected \[tokens, size\]/);
  });
});
