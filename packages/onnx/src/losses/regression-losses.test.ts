import { describe, expect, it } from 'vitest';
import { differences, evaluate, expectFormula, nameOf } from '../../test/loss-check.ts';
import { GraphBuilder } from '../graph/graph-builder.ts';
import { createLoss } from './get-loss.ts';
import { graphLoss } from './graph-loss.ts';
import type { LossOutput, Target } from './loss.ts';

describe('losses of regression', () => {
  const values = [0.5, -1, 2, 0];
  const targets = [0, 1].map((i) => ({
    data: Float64Array.from(values.slice(2 * i, 2 * i + 2)),
    shape: [2],
  }));

  it('meanSquaredError by its definition', async () => {
    await expectFormula({ kind: 'meanSquaredError' }, [2], targets, (x) =>
      values.reduce((sum, value, j) => sum + ((x[j] as number) - value) ** 2 / 4, 0),
    );
    await expectFormula(
      { kind: 'meanSquaredError' },
      [1],
      [3, 4],
      (x) => ((x[0] as number) - 3) ** 2 / 2 + ((x[1] as number) - 4) ** 2 / 2,
    );
  });

  it('meanAbsoluteError by its definition', async () => {
    await expectFormula({ kind: 'meanAbsoluteError' }, [2], targets, (x) =>
      values.reduce((sum, value, j) => sum + Math.abs((x[j] as number) - value) / 4, 0),
    );
  });

  it.each([undefined, 0.5, 10])('huber by its definition, delta %s', async (delta) => {
    const bound = delta ?? 1;
    await expectFormula({ kind: 'huber', ...(delta ? { delta } : {}) }, [2], targets, (x) =>
      values.reduce((sum, value, j) => {
        const d = Math.abs((x[j] as number) - value);
        return sum + (d <= bound ? d ** 2 / 2 : bound * (d - bound / 2)) / 4;
      }, 0),
    );
  });

  it('graphLoss: one of your own, with targets of another shape', async () => {
    const loss = graphLoss({
      name: 'logCosh of the sum',
      targetShape: () => [1],
      build: (g, output, target) => {
        const sum = g.op('ReduceSum', [output, g.ints([1])], { keepdims: 1 });
        const d = g.op('Sub', [sum, target]);
        const cosh = g.op('Mul', [
          g.op('Add', [g.op('Exp', [d]), g.op('Exp', [g.op('Neg', [d])])]),
          g.float(0.5),
        ]);
        return g.op('ReduceMean', [g.op('Log', [cosh])], { keepdims: 0 });
      },
    });
    const logits = Float32Array.of(0.5, 1, -0.25, 0.75);
    const found = await evaluate(loss, [2], logits, [0.5, -1]);
    const formula = (x: Float64Array): number =>
      (Math.log(Math.cosh((x[0] as number) + (x[1] as number) - 0.5)) +
        Math.log(Math.cosh((x[2] as number) + (x[3] as number) + 1))) /
      2;
    expect(found.loss).toBeCloseTo(formula(Float64Array.from(logits)), 5);
    for (const [i, slope] of differences(logits, formula).entries())
      expect(found.gradient[i]).toBeCloseTo(slope, 5);
    expect(() =>
      loss.feeds(
        [Number.NaN],
        { name: 'y', value: { type: 'float32', shape: [2, 2], batchAxes: [0] } },
        't',
        nameOf,
      ),
    ).toThrow(/logCosh of the sum: the target of item 0 is NaN/);
  });

  it('gaussianNll by its definition: means first, then log variances', async () => {
    await expectFormula({ kind: 'gaussianNll' }, [4], targets, (x) =>
      values.reduce((sum, value, j) => {
        const row = Math.floor(j / 2) * 4 + (j % 2);
        const [mean, s] = [x[row] as number, x[row + 2] as number];
        return sum + (0.5 * (s + (value - mean) ** 2 * Math.exp(-s))) / 4;
      }, 0),
    );
  });

  it('refuses a target that is not a number, or of another shape', () => {
    const output: LossOutput = {
      name: 'y',
      value: { type: 'float32', shape: [2, 2], batchAxes: [0] },
    };
    const loss = createLoss({ kind: 'meanSquaredError' });
    const feeds = (target: Target): unknown => loss.feeds([target], output, 't', nameOf);
    expect(() => feeds({ data: Float32Array.of(1, Number.NaN), shape: [2] })).toThrow(
      /item 0 is NaN at position 1/,
    );
    expect(() => feeds({ data: Float32Array.of(1, 2, 3), shape: [3] })).toThrow(
      /expected an array of shape \[2\]/,
    );
  });

  it('refuses an output of odd extent for gaussianNll', () => {
    const output: LossOutput = {
      name: 'y',
      value: { type: 'float32', shape: [2, 3], batchAxes: [0] },
    };
    const loss = createLoss({ kind: 'gaussianNll' });
    expect(() => loss.append(new GraphBuilder(), output, 't')).toThrow(
      /extent 3, expected an even/,
    );
  });
});
