import { describe, expect, it } from 'vitest';
import { apply, expectClose, expectTrains, inputs, network } from '../../test/network-check.ts';
import { float32Tensor, int64Tensor, type TensorData } from '../graph/tensor-data.ts';
import { multiHeadAttention } from './attention.ts';
import { dense } from './dense.ts';
import { embedding, positionEmbedding } from './embedding.ts';
import { firstToken, meanOverTokens, projection } from './sequence.ts';
import { tanh } from './simple.ts';
import { transformerEncoder } from './transformer-encoder.ts';

type Matrix = number[][];

function matrix(values: ArrayLike<number>, columns: number): Matrix {
  return Array.from({ length: values.length / columns }, (_, i) =>
    Array.from({ length: columns }, (_, j) => values[i * columns + j] as number),
  );
}

const times = (a: Matrix, b: Matrix): Matrix =>
  a.map((row) =>
    (b[0] as number[]).map((_, j) =>
      row.reduce((sum, value, i) => sum + value * ((b[i] as number[])[j] as number), 0),
    ),
  );
const plus = (a: Matrix, b: ArrayLike<number>): Matrix =>
  a.map((row) => row.map((value, j) => value + (b[j] as number)));
const softmax = (row: readonly number[]): number[] => {
  const top = Math.max(...row);
  const sum = row.reduce((total, value) => total + Math.exp(value - top), 0);
  return row.map((value) => Math.exp(value - top) / sum);
};

/** One sequence, head by head. */
function attend(
  x: Matrix,
  heads: number,
  real: readonly boolean[],
  weights: readonly ArrayLike<number>[],
): Matrix {
  const D = (x[0] as number[]).length;
  const [inW = [], inB = [], outW = [], outB = []] = weights;
  const all = plus(times(x, matrix(inW, 3 * D)), inB);
  const d = D / heads;
  const mixed = x.map(() => Array<number>(D).fill(0));
  for (let h = 0; h < heads; h++) {
    const part = (kind: number): Matrix =>
      all.map((row) => row.slice(kind * D + h * d, kind * D + (h + 1) * d));
    const [q, k, v] = [part(0), part(1), part(2)];
    q.forEach((query, t) => {
      const shares = softmax(
        k.map((key, s) =>
          real[s]
            ? key.reduce((sum, value, i) => sum + value * (query[i] as number), 0) / Math.sqrt(d)
            : -Infinity,
        ),
      );
      v.forEach((value, s) => {
        value.forEach((one, i) => {
          const row = mixed[t] as number[];
          row[h * d + i] = (row[h * d + i] as number) + (shares[s] as number) * one;
        });
      });
    });
  }
  return plus(times(mixed, matrix(outW, D)), outB);
}

const attentionWeights = ['input.weight', 'input.bias', 'output.weight', 'output.bias'];
const padded: TensorData = int64Tensor([3, 1, 4, 0, 2, 0, 0, 0], [2, 4]);

describe('embedding', () => {
  it('looks rows up', async () => {
    const batch = inputs(2, [4], 5);
    const { output, weight } = await apply([embedding(5, 3)], batch);
    const rows = matrix(weight('embedding1.weight'), 3);
    expectClose(
      output,
      [...(batch.data as BigInt64Array)].flatMap((i) => rows[Number(i)] as number[]),
      6,
    );
  });

  it('gives 0 for padding and leaves it out of the mean', async () => {
    const { output, weight } = await apply([embedding(5, 3, { paddingIndex: 0 })], padded);
    expect([...output.slice(9, 12), ...output.slice(15)].every((value) => value === 0)).toBe(true);
    const rows = matrix(weight('embedding1.weight'), 3);
    const pooled = await apply([embedding(5, 3, { paddingIndex: 0 }), meanOverTokens()], padded);
    const mean = (...of: number[]): number[] =>
      [0, 1, 2].map(
        (j) => of.reduce((sum, i) => sum + ((rows[i] as number[])[j] as number), 0) / of.length,
      );
    expectClose(pooled.output, [...mean(3, 1, 4), ...mean(2)], 5);
    const none = await apply(
      [embedding(5, 3, { paddingIndex: 0 }), meanOverTokens()],
      int64Tensor([0, 0], [1, 2]),
    );
    expect([...none.output]).toEqual([0, 0, 0]);
  });

  it('refuses wrong settings', () => {
    expect(() => embedding(5, 3, { paddingIndex: 5 })).toThrow(
      /paddingIndex is 5, expected an integer from 0 to 4/,
    );
    expect(() => embedding(0, 3)).toThrow(/vocabulary is 0/);
    expect(() => network([embedding(5, 3)], inputs(1, [2, 2], 5))).toThrow(/expected \[tokens\]/);
  });
});

describe('layers of sequences', () => {
  it('positionEmbedding, projection, firstToken and meanOverTokens by their definitions', async () => {
    const batch = inputs(2, [3, 4]);
    const x = matrix(batch.data as Float32Array, 4);
    const at = await apply([positionEmbedding()], batch);
    const p = matrix(at.weight('positionEmbedding1.weight'), 4);
    expectClose(
      at.output,
      x.flatMap((row, i) => row.map((value, j) => value + ((p[i % 3] as number[])[j] as number))),
      5,
    );
    const to = await apply([projection(2)], batch);
    expectClose(
      to.output,
      plus(
        times(x, matrix(to.weight('projection1.weight'), 2)),
        to.weight('projection1.bias'),
      ).flat(),
      5,
    );
    expectClose(
      (await apply([firstToken()], batch)).output,
      [0, 3].flatMap((i) => x[i] as number[]),
      6,
    );
    const mean = [0, 3].flatMap((i) =>
      [0, 1, 2, 3].map((j) =>
        [0, 1, 2].reduce((sum, t) => sum + ((x[i + t] as number[])[j] as number) / 3, 0),
      ),
    );
    expectClose((await apply([meanOverTokens()], batch)).output, mean, 5);
  });
});

describe('multiHeadAttention', () => {
  it('by its definition', async () => {
    const batch = inputs(2, [3, 4]);
    const { output, weight } = await apply([multiHeadAttention(2)], batch);
    const weights = attentionWeights.map((name) => weight(`attention1.${name}`));
    const x = matrix(batch.data as Float32Array, 4);
    const all = [true, true, true];
    expectClose(
      output,
      [attend(x.slice(0, 3), 2, all, weights), attend(x.slice(3), 2, all, weights)].flat(2),
      4,
    );
  });

  it('does not look at padding', async () => {
    const { output, weight } = await apply(
      [embedding(5, 4, { paddingIndex: 0 }), multiHeadAttention(2)],
      padded,
    );
    const weights = attentionWeights.map((name) => weight(`attention1.${name}`));
    const rows = matrix(weight('embedding1.weight'), 4);
    const ids = [...(padded.data as BigInt64Array)].map(Number);
    const x = ids.map((id) => (id === 0 ? [0, 0, 0, 0] : (rows[id] as number[])));
    const real = ids.map((id) => id !== 0);
    expectClose(
      output,
      [0, 4].flatMap((i) => attend(x.slice(i, i + 4), 2, real.slice(i, i + 4), weights)).flat(),
      4,
    );
  });

  it('stays finite for a sequence of padding only, and refuses heads that do not divide', async () => {
    const empty = int64Tensor([0, 0], [1, 2]);
    const { output } = await apply(
      [embedding(5, 4, { paddingIndex: 0 }), multiHeadAttention(2)],
      empty,
    );
    expect(output.every((value) => Number.isFinite(value))).toBe(true);
    expect(() => network([multiHeadAttention(3)], inputs(1, [2, 4]))).toThrow(
      /size 4 does not divide into 3 heads/,
    );
  });
});

describe('transformerEncoder', () => {
  const layerNormed = (x: Matrix, scale: ArrayLike<number>, shift: ArrayLike<number>): Matrix =>
    x.map((row) => {
      const mean = row.reduce((a, b) => a + b, 0) / row.length;
      const variance = row.reduce((sum, v) => sum + (v - mean) ** 2, 0) / row.length;
      return row.map(
        (v, j) =>
          ((v - mean) / Math.sqrt(variance + 1e-5)) * (scale[j] as number) + (shift[j] as number),
      );
    });
  const added = (a: Matrix, b: Matrix): Matrix =>
    a.map((row, i) => row.map((v, j) => v + ((b[i] as number[])[j] as number)));

  it.each([false, true])('by its definition, normFirst %s', async (normFirst) => {
    const batch = inputs(1, [3, 4]);
    const { output, weight } = await apply(
      [transformerEncoder({ heads: 2, feedForward: 5, normFirst })],
      batch,
    );
    const attention = attentionWeights.map((name) => weight(`attention1.${name}`));
    const all = [true, true, true];
    const norm = (i: number, x: Matrix): Matrix =>
      layerNormed(x, weight(`layerNorm${i}.weight`), weight(`layerNorm${i}.bias`));
    const forward = (x: Matrix): Matrix => {
      const hidden = plus(
        times(x, matrix(weight('projection1.weight'), 5)),
        weight('projection1.bias'),
      );
      const active = hidden.map((row) => row.map((v) => Math.max(v, 0)));
      return plus(
        times(active, matrix(weight('projection2.weight'), 4)),
        weight('projection2.bias'),
      );
    };
    const x = matrix(batch.data as Float32Array, 4);
    let expected: Matrix;
    if (normFirst) {
      const middle = added(x, attend(norm(1, x), 2, all, attention));
      expected = added(middle, forward(norm(2, middle)));
    } else {
      const middle = norm(1, added(x, attend(x, 2, all, attention)));
      expected = norm(2, added(middle, forward(middle)));
    }
    expectClose(output, expected.flat(), 4);
  });

  it.each([false, true])('trains as a classifier of texts, normFirst %s', async (normFirst) => {
    const layers = [
      embedding(6, 8, { paddingIndex: 0 }),
      positionEmbedding(),
      transformerEncoder({
        heads: 2,
        feedForward: 12,
        layers: 2,
        dropout: 0.2,
        activation: 'gelu',
        normFirst,
      }),
      meanOverTokens(),
      dense(3),
    ];
    await expectTrains(layers, inputs(6, [5], 6), (i) => i % 3, { step: 0.01, tolerance: 0.02 });
  });

  it('trains as a tagger, classes on the last axis', async () => {
    const layers = [projection(8), tanh(), multiHeadAttention(2, { dropout: 0.1 }), projection(3)];
    const labels = (i: number) => ({
      data: Int32Array.of(i % 3, 1, (i + 1) % 3, -100),
      shape: [4],
    });
    await expectTrains(layers, inputs(5, [4, 3]), labels, {
      loss: { kind: 'crossEntropy', classAxis: 2 },
    });
  });
});

it('padding gets no gradient: two ways to fill up a sequence give one output', async () => {
  const layers = [embedding(5, 4, { paddingIndex: 0 }), multiHeadAttention(1), meanOverTokens()];
  const short = await apply(layers, int64Tensor([3, 1], [1, 2]));
  const long = await apply(layers, int64Tensor([3, 1, 0, 0, 0], [1, 5]));
  expectClose(long.output, short.output, 5);
  expect(float32Tensor(short.output).shape).toEqual([4]);
});
