import type { NdArray } from '@baal/core';
import { describe, expect, it } from 'vitest';
import { evaluate, expectFormula, nameOf } from '../../test/loss-check.ts';
import { GraphBuilder } from '../graph/graph-builder.ts';
import { crossEntropy } from './cross-entropy.ts';
import { createLoss, type LossConfig } from './get-loss.ts';
import type { LossOutput, Target } from './loss.ts';

/** The definition, label by label: `at` says where the logits of a position lie. */
function crossEntropyByDefinition(
  x: Float64Array,
  labels: readonly number[],
  at: (position: number, c: number) => number,
  { classes, weights, smoothing, ignore }: DefinitionSettings,
): number {
  let [sum, total] = [0, 0];
  labels.forEach((label, position) => {
    if (label === ignore) return;
    const logits = Array.from({ length: classes }, (_, c) => x[at(position, c)] as number);
    const norm = Math.log(logits.reduce((s, logit) => s + Math.exp(logit), 0));
    const w = (c: number): number => weights?.[c] ?? 1;
    const item = (c: number): number => w(c) * (norm - (logits[c] as number));
    const spread = logits.reduce((s, _, c) => s + item(c), 0);
    sum += (1 - smoothing) * item(label) + (smoothing / classes) * spread;
    total += w(label);
  });
  return sum / total;
}

interface DefinitionSettings {
  readonly classes: number;
  readonly weights?: readonly number[];
  readonly smoothing: number;
  readonly ignore: number;
}

const array = (data: readonly number[], shape: readonly number[] = [data.length]): NdArray => ({
  data: Int32Array.from(data),
  shape,
});

describe('crossEntropy', () => {
  it.each([
    [{}],
    [{ classWeights: [0.5, 2, 1] }],
    [{ labelSmoothing: 0.2 }],
    [{ classWeights: [0.5, 2, 1], labelSmoothing: 0.1, ignoreIndex: 1 }],
  ])('of items, by its definition: %j', async (options) => {
    const labels = [0, 2, 1, 1];
    const {
      classWeights: weights,
      labelSmoothing: smoothing = 0,
      ignoreIndex: ignore = -100,
    } = options as { classWeights?: number[]; labelSmoothing?: number; ignoreIndex?: number };
    await expectFormula({ kind: 'crossEntropy', ...options }, [3], labels, (x) =>
      crossEntropyByDefinition(x, labels, (p, c) => p * 3 + c, {
        classes: 3,
        ...(weights ? { weights } : {}),
        smoothing,
        ignore,
      }),
    );
  });

  it('of pixels: classes on axis 1, one left out', async () => {
    const [classes, height, width] = [3, 2, 2];
    const labels = [0, 1, 2, 2, 1, -100, 0, 1];
    const weights = [1, 3, 0.5];
    const targets = [0, 1].map((i) => array(labels.slice(4 * i, 4 * i + 4), [height, width]));
    const at = (p: number, c: number): number => (Math.floor(p / 4) * classes + c) * 4 + (p % 4);
    await expectFormula(
      { kind: 'crossEntropy', classWeights: weights, labelSmoothing: 0.1 },
      [classes, height, width],
      targets,
      (x) =>
        crossEntropyByDefinition(x, labels, at, { classes, weights, smoothing: 0.1, ignore: -100 }),
    );
  });

  it('of tokens: classes on the last axis, labels as 64-bit integers', async () => {
    const labels = [2, 0, -1, 1, 1, -1];
    const targets = [0, 1].map((i) => ({
      data: BigInt64Array.from(labels.slice(3 * i, 3 * i + 3), BigInt),
      shape: [3],
    }));
    await expectFormula(
      { kind: 'crossEntropy', classAxis: -1, ignoreIndex: -1 },
      [3, 4],
      targets,
      (x) =>
        crossEntropyByDefinition(x, labels, (p, c) => p * 4 + c, {
          classes: 4,
          smoothing: 0,
          ignore: -1,
        }),
    );
  });

  it('stays finite for extreme logits and is 0 when everything is left out', async () => {
    const sure = await evaluate(crossEntropy(), [2], [1e4, -1e4, -1e4, 1e4], [1, 1]);
    expect(sure.loss).toBe(1e4);
    expect([...sure.gradient]).toEqual([0.5, -0.5, 0, 0]);
    const none = await evaluate(crossEntropy(), [2], [1, 2], [-100]);
    expect(none.loss).toBeCloseTo(0, 10);
    expect([...none.gradient].every((value) => value === 0)).toBe(true);
  });

  it.each<readonly [string, Target | undefined, RegExp]>([
    ['too large', 3, /label of item 1 is not a class, expected an integer 0 … 2.*got 3/],
    ['negative', -1, /got -1/],
    ['not an integer', 0.5, /got 0.5/],
    ['NaN', Number.NaN, /got NaN/],
    ['an array', array([0, 1]), /item 1 has 2 values in shape \[2\], expected a number/],
    ['missing', undefined, /item 1 has no target/],
  ])('refuses a label that is %s', (_, label, message) => {
    const output: LossOutput = {
      name: 'y',
      value: { type: 'float32', shape: [2, 3], batchAxes: [0] },
    };
    expect(() => crossEntropy().feeds([0, label as Target], output, 't', nameOf)).toThrow(
      expect.objectContaining({ code: 'label', message: expect.stringMatching(message) }),
    );
  });

  it('says which pixel is wrong, and refuses a transposed map', () => {
    const output: LossOutput = {
      name: 'y',
      value: { type: 'float32', shape: [2, 3, 1, 2], batchAxes: [0] },
    };
    const feeds = (target: Target): unknown => crossEntropy().feeds([target], output, 't', nameOf);
    expect(() => feeds(array([0, 9], [1, 2]))).toThrow(/item 0 at position 1 .*got 9/);
    expect(() => feeds(array([0, 1], [2, 1]))).toThrow(/shape \[2, 1\], expected .*\[1, 2\]/);
    expect(() => feeds(1)).toThrow(/is the number 1, expected an array of shape \[1, 2\]/);
  });
});

describe('binaryCrossEntropyWithLogits', () => {
  const labels = [1, 0, 0.25, 0, 1, 1];
  const targets = [0, 1].map((i) => ({
    data: Float32Array.from(labels.slice(3 * i, 3 * i + 3)),
    shape: [3],
  }));
  const formula =
    (weight: (j: number) => number) =>
    (x: Float64Array): number =>
      labels.reduce((sum, y, j) => {
        const p = 1 / (1 + Math.exp(-(x[j] as number)));
        return sum - (weight(j) * y * Math.log(p) + (1 - y) * Math.log(1 - p)) / labels.length;
      }, 0);

  it.each([undefined, 2.5])('by its definition, posWeight %s', async (posWeight) => {
    await expectFormula(
      { kind: 'binaryCrossEntropyWithLogits', ...(posWeight ? { posWeight } : {}) },
      [3],
      targets,
      formula(() => posWeight ?? 1),
    );
  });

  it('with one weight a label', async () => {
    const weights = [1, 2, 0.5];
    await expectFormula(
      { kind: 'binaryCrossEntropyWithLogits', posWeight: weights },
      [3],
      targets,
      formula((j) => weights[j % 3] as number),
    );
  });

  it('with one weight a channel of an image', async () => {
    // One item of 2 channels and 3 pixels.
    const whole = { data: Float32Array.from(labels), shape: [2, 3] };
    await expectFormula(
      { kind: 'binaryCrossEntropyWithLogits', posWeight: [2, 3] },
      [2, 3],
      [whole],
      formula((j) => (j < 3 ? 2 : 3)),
    );
  });

  it('stays finite for extreme logits', async () => {
    const found = await evaluate(
      createLoss({ kind: 'binaryCrossEntropyWithLogits' }),
      [1],
      [-1000, 1000, -1000, 1000],
      [0, 1, 1, 0],
    );
    expect(found.loss).toBe(500);
    expect([...found.gradient]).toEqual([0, 0, -0.25, 0.25]);
  });

  it('refuses a target outside [0, 1] by item', () => {
    const output: LossOutput = {
      name: 'y',
      value: { type: 'float32', shape: [2, 1], batchAxes: [0] },
    };
    const loss = createLoss({ kind: 'binaryCrossEntropyWithLogits' });
    expect(() => loss.feeds([1, 2], output, 't', nameOf)).toThrow(/item 1 is out of range.*got 2/);
  });
});

describe('createLoss', () => {
  it('lists the known kinds', () => {
    const config = { kind: 'hinge' } as unknown as LossConfig;
    expect(() => createLoss(config)).toThrow(
      /no loss "hinge", expected one of crossEntropy, binaryCrossEntropyWithLogits, meanSquaredError, meanAbsoluteError, huber, gaussianNll/,
    );
    expect(() => createLoss({ kind: 'toString' } as unknown as LossConfig)).toThrow(/no loss/);
  });

  it.each<LossConfig>([
    { kind: 'crossEntropy', labelSmoothing: 1 },
    { kind: 'crossEntropy', labelSmoothing: Number.NaN },
    { kind: 'crossEntropy', classWeights: [1, -1] },
    { kind: 'crossEntropy', classAxis: 0.5 },
    { kind: 'huber', delta: 0 },
    { kind: 'binaryCrossEntropyWithLogits', posWeight: -1 },
    { kind: 'binaryCrossEntropyWithLogits', posWeight: [1, Number.POSITIVE_INFINITY] },
  ])('refuses settings out of range: %j', (config) => {
    expect(() => createLoss(config)).toThrow(expect.objectContaining({ code: 'config' }));
  });

  it('refuses weights of another number of classes, and a batch that is not on axis 0', () => {
    const output: LossOutput = {
      name: 'y',
      value: { type: 'float32', shape: [2, 3], batchAxes: [0] },
    };
    const moved: LossOutput = {
      name: 'y',
      value: { type: 'float32', shape: [3, 2], batchAxes: [1] },
    };
    const g = new GraphBuilder();
    expect(() => crossEntropy({ classWeights: [1, 2] }).append(g, output, 't')).toThrow(
      /classWeights has 2 values, expected one for each of the 3 classes/,
    );
    const bce = createLoss({ kind: 'binaryCrossEntropyWithLogits', posWeight: [1, 2] });
    expect(() => bce.append(g, output, 't')).toThrow(/posWeight has 2 values/);
    expect(() => crossEntropy().append(g, moved, 't')).toThrow(/expected axis 0 alone/);
    expect(() => crossEntropy({ classAxis: 2 }).append(g, output, 't')).toThrow(
      /classes on axis 2/,
    );
  });
});
