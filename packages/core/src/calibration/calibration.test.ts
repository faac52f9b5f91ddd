import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { firstFar, type GoldenCase, readGolden } from '../../test/golden.ts';
import { LabelError, NumericalError, ShapeError } from '../errors.ts';
import { createRng } from '../random/create-rng.ts';
import type { CalibrationMethod, ClassScores } from './calibrator.ts';
import { dirichletCalibration } from './dirichlet-calibration.ts';
import { isotonicCalibration } from './isotonic-calibration.ts';
import { type MatrixCalibrator, matrixScaling } from './matrix-scaling.ts';
import { temperatureScaling } from './temperature-scaling.ts';
import { vectorScaling } from './vector-scaling.ts';

const golden = readGolden('metrics');
const of = (name: string): GoldenCase[] =>
  golden.cases.filter(({ call }) => call.function === name);
const FILE = 'calibration_f64.safetensors';
const read = (name: string): number[] => Array.from(golden.tensor(FILE, name).data, Number);
const scoresOf = (name: string): ClassScores => ({
  ...(golden.tensor(FILE, name) as { data: Float64Array; shape: number[] }),
  kind: 'logits',
});
const held = scoresOf('logits');
const test = scoresOf('test_logits');
const labels = read('labels');
const C = held.shape[1] as number;

const close = (one: GoldenCase, name: string, actual: number | ArrayLike<number>): void => {
  const wanted = one.expected[name] as { tensor: string; rtol: number; atol: number };
  const list = typeof actual === 'number' ? [actual] : actual;
  expect(firstFar(list, read(wanted.tensor), wanted), name).toBeNull();
};

/** Mean nll of `softmax(W f(z) + b)`, the long way. */
const nllOf = (
  weight: readonly number[],
  bias: readonly number[],
  feature: (row: readonly number[]) => readonly number[],
): number => {
  let sum = 0;
  labels.forEach((label, n) => {
    const row = feature(Array.from({ length: C }, (_, c) => held.data[n * C + c] as number));
    const out = bias.map(
      (b, i) => b + row.reduce((total, x, j) => total + (weight[i * C + j] as number) * x, 0),
    );
    sum += Math.log(out.reduce((total, z) => total + Math.exp(z), 0)) - (out[label] as number);
  });
  return sum / labels.length;
};
const plain = (row: readonly number[]): readonly number[] => row;
const logSoftmax = (row: readonly number[]): readonly number[] => {
  const log = Math.log(row.reduce((sum, z) => sum + Math.exp(z), 0));
  return row.map((z) => z - log);
};
/** Largest central difference of a function of a list, `h` = 1e-5. */
const steepest = (f: (x: readonly number[]) => number, x: readonly number[]): number =>
  Math.max(
    ...x.map((_, i) => {
      const at = (h: number): number => f(x.map((v, j) => (j === i ? v + h : v)));
      return Math.abs(at(1e-5) - at(-1e-5)) / 2e-5;
    }),
  );

describe('the reference optima', () => {
  it.each(of('temperature_scaling'))('$id', (one) => {
    const fitted = temperatureScaling().fit(held, labels);
    expect(fitted.report.converged).toBe(true);
    close(one, 'temperature', fitted.temperature);
    close(one, 'nll', fitted.report.nll);
    close(one, 'nll_before', fitted.report.nllBefore);
    close(one, 'test_probs', fitted.apply(test).data);
    // Newton's second derivative is right: convergence is quadratic.
    expect(fitted.report.iterations).toBeLessThan(9);
  });

  it.each(of('vector_scaling'))('$id', (one) => {
    const fitted = vectorScaling({ l2: one.call.params?.l2 as number }).fit(held, labels);
    expect(fitted.report.converged).toBe(true);
    close(one, 'weight', fitted.weight);
    close(one, 'bias', fitted.bias);
    close(one, 'objective', fitted.report.objective);
    close(one, 'nll', fitted.report.nll);
    close(one, 'test_probs', fitted.apply(test).data);
  });

  it.each(of('dirichlet_scaling'))('$id', (one) => {
    const { lambda, mu, penalty } = one.call.params as {
      lambda: number;
      mu: number;
      penalty: 'squared' | 'norm';
    };
    const method = dirichletCalibration({
      lambda,
      mu,
      penalty: penalty === 'norm' ? 'norm' : 'l2',
    });
    const fitted = method.fit(held, labels);
    expect(fitted.report.converged).toBe(true);
    close(one, 'weight', fitted.weight);
    close(one, 'bias', fitted.bias);
    close(one, 'objective', fitted.report.objective);
    close(one, 'nll', fitted.report.nll);
    close(one, 'test_probs', fitted.apply(test).data);
  });
});

describe('at the optimum the gradient is 0, by finite differences of the definition', () => {
  const square = (list: readonly number[]): number => list.reduce((sum, v) => sum + v * v, 0);
  const split = (x: readonly number[]): [readonly number[], readonly number[]] => [
    x.slice(0, C * C),
    x.slice(C * C),
  ];
  const point = ({ weight, bias }: MatrixCalibrator): number[] => [...weight, ...bias];
  const offDiagonal = (w: readonly number[]): number[] =>
    w.filter((_, i) => Math.floor(i / C) !== i % C);

  it('of temperature scaling, with and without its penalty', () => {
    for (const l2 of [0, 0.3]) {
      const { temperature, report } = temperatureScaling({ l2 }).fit(held, labels);
      const objective = ([beta = 0]: readonly number[]): number =>
        nllOf(diagonal(beta), [0, 0, 0, 0], plain) + l2 * (beta - 1) ** 2;
      expect(steepest(objective, [1 / temperature])).toBeLessThan(1e-9);
      expect(report.objective).toBeCloseTo(objective([1 / temperature]), 12);
    }
    const penalized = temperatureScaling({ l2: 100 }).fit(held, labels).temperature;
    expect(penalized).toBeCloseTo(1, 2);
  });

  it('of matrix scaling towards the identity, and with ODIR', () => {
    const identity = diagonal(1);
    const [lambda, mu] = [0.02, 0.07];
    const near = matrixScaling({ l2: lambda, mu }).fit(held, labels);
    const odir = matrixScaling({ penalty: 'odir', l2: lambda, mu }).fit(held, labels);
    const nearObjective = (x: readonly number[]): number => {
      const [w, b] = split(x);
      const away = w.map((v, i) => v - (identity[i] as number));
      return nllOf(w, b, plain) + lambda * square(away) + mu * square(b);
    };
    const odirObjective = (x: readonly number[]): number => {
      const [w, b] = split(x);
      const off = (lambda / (C * (C - 1))) * square(offDiagonal(w));
      return nllOf(w, b, plain) + off + (mu / C) * square(b);
    };
    for (const [fitted, objective] of [
      [near, nearObjective],
      [odir, odirObjective],
    ] as const) {
      expect(fitted.report.converged).toBe(true);
      expect(steepest(objective, point(fitted))).toBeLessThan(1e-8);
      expect(fitted.report.objective).toBeCloseTo(objective(point(fitted)), 12);
    }
    // A huge weight leaves the identity, or temperature-like diagonals.
    const still = matrixScaling({ l2: 1e6 }).fit(held, labels);
    expect(firstFar(still.weight, identity, { atol: 1e-5 })).toBeNull();
  });

  it('of Dirichlet calibration with ODIR', () => {
    const [lambda, mu] = [0.05, 0.01];
    const fitted = dirichletCalibration({ penalty: 'odir', lambda, mu }).fit(held, labels);
    const objective = (x: readonly number[]): number => {
      const [w, b] = split(x);
      const off = (lambda / (C * (C - 1))) * square(offDiagonal(w));
      return nllOf(w, b, logSoftmax) + off + (mu / C) * square(b);
    };
    expect(fitted.report.converged).toBe(true);
    expect(steepest(objective, point(fitted))).toBeLessThan(1e-8);
  });

  it('of the norm penalty, whose blocks may be 0 exactly', () => {
    const objective =
      (lambda: number, mu: number) =>
      (x: readonly number[]): number => {
        const [w, b] = split(x);
        return nllOf(w, b, logSoftmax) + lambda * Math.sqrt(square(w)) + mu * Math.sqrt(square(b));
      };
    const zeros = new Set<string>();
    for (const [lambda, mu] of [
      [0.001, 0.001],
      [0.02, 0.1],
      [2, 0.001],
      [2, 2],
      [0.3, 0.02],
      [0.2, 0.01],
    ] as const) {
      const fitted = dirichletCalibration({ penalty: 'norm', lambda, mu }).fit(held, labels);
      expect(fitted.report.converged).toBe(true);
      const f = objective(lambda, mu);
      const at = point(fitted);
      zeros.add([fitted.weight, fitted.bias].map((block) => block.every((v) => v === 0)).join());
      // Convex: no other point is lower, whichever way one steps.
      const rng = createRng('steps');
      const height = f(at);
      expect(height).toBeCloseTo(fitted.report.objective, 10);
      for (let i = 0; i < 200; i++) {
        const size = 10 ** -(1 + (i % 5));
        const block = i % 3;
        const next = at.map((v, j) =>
          (block === 1 && j >= C * C) || (block === 2 && j < C * C) ? v : v + size * rng.normal(),
        );
        expect(f(next)).toBeGreaterThan(height - 1e-12);
      }
    }
    // All four cases of blocks at 0 were met: W alone, b alone, both, none.
    expect([...zeros].sort()).toEqual(['false,false', 'false,true', 'true,false', 'true,true']);
  });
});

function diagonal(value: number): number[] {
  return Array.from({ length: C * C }, (_, i) => (Math.floor(i / C) === i % C ? value : 0));
}

describe('calibrated scores stay as they are', () => {
  // Every row appears as often with each label as its probabilities say: nothing can be improved.
  const rows = [
    [0.5, 0.25, 0.25],
    [0.125, 0.75, 0.125],
    [0.25, 0.25, 0.5],
    [0.375, 0.125, 0.5],
  ];
  const items = rows.flatMap((row) =>
    row.flatMap((p, label) => Array.from({ length: 8 * p }, () => ({ row, label }))),
  );
  const scores: ClassScores = {
    data: items.flatMap(({ row }) => row),
    shape: [items.length, 3],
    kind: 'probabilities',
  };
  const given = items.map(({ label }) => label);

  const methods: readonly CalibrationMethod[] = [
    temperatureScaling(),
    vectorScaling(),
    vectorScaling({ l2: 0 }),
    matrixScaling(),
    matrixScaling({ penalty: 'odir', l2: 0, mu: 0 }),
    dirichletCalibration({ lambda: 0 }),
    isotonicCalibration(),
  ];
  it.each(methods)('$name', (method) => {
    const fitted = method.fit(scores, given);
    expect(fitted.report.converged).toBe(true);
    expect(firstFar(fitted.apply(scores).data, scores.data, { atol: 1e-7 })).toBeNull();
    expect(fitted.report.nll).toBeCloseTo(fitted.report.nllBefore, 12);
  });
});

describe('what a model lost, calibration finds again', () => {
  it('a temperature, exactly in expectation', () => {
    // Labels in the proportions of softmax(z); the model says softmax(3 z).
    const z = [Math.log(0.5), Math.log(0.3), Math.log(0.2)];
    const data: number[] = [];
    const given: number[] = [];
    for (const turn of [0, 1, 2]) {
      [5, 3, 2].forEach((count, c) => {
        for (let i = 0; i < count; i++) {
          data.push(...z.map((_, j) => 3 * (z[(j + turn) % 3] as number)));
          given.push((c - turn + 3) % 3);
        }
      });
    }
    const fitted = temperatureScaling().fit({ data, shape: [30, 3], kind: 'logits' }, given);
    expect(fitted.temperature).toBeCloseTo(3, 10);
  });

  it('two classes: vector scaling is logistic regression with its closed form', () => {
    // One score a group: the bias alone must give each class its share.
    const given = [0, 0, 0, 1];
    const fitted = vectorScaling({ l2: 0 }).fit(
      { data: new Float64Array(8), shape: [4, 2], kind: 'logits' },
      given,
    );
    const [b0 = 0, b1 = 0] = fitted.bias;
    expect(b0 - b1).toBeCloseTo(Math.log(3), 8);
  });

  it('gives probabilities, and no worse likelihood than before', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 2, max: 4 }), (seed, classes) => {
        const rng = createRng(seed);
        const N = 40;
        const data = Array.from({ length: N * classes }, () => 2 * rng.normal());
        const given = Array.from({ length: N }, () => rng.int(classes));
        const scores: ClassScores = { data, shape: [N, classes], kind: 'logits' };
        for (const method of [
          vectorScaling(),
          matrixScaling(),
          dirichletCalibration(),
          dirichletCalibration({ penalty: 'odir' }),
          dirichletCalibration({ penalty: 'norm' }),
        ]) {
          const { report, apply } = method.fit(scores, given);
          expect(report.converged).toBe(true);
          expect(report.nll).toBeLessThanOrEqual(report.nllBefore + 0.1);
          const probs = apply(scores).data;
          for (let n = 0; n < N; n++) {
            const row = probs.subarray(n * classes, (n + 1) * classes);
            expect(row.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
            expect(row.every((p) => p >= 0)).toBe(true);
          }
        }
      }),
      { numRuns: 20 },
    );
  });

  it('takes probabilities as their logarithms, and shifts of the logits for nothing', () => {
    const probs = new Float64Array(held.data.length);
    const shifted = new Float64Array(held.data.length);
    for (let n = 0; n < labels.length; n++) {
      const row = Array.from({ length: C }, (_, c) => held.data[n * C + c] as number);
      logSoftmax(row).forEach((log, c) => {
        probs[n * C + c] = Math.exp(log);
        shifted[n * C + c] = log + 5 + (n % 7);
      });
    }
    const scores: ClassScores = { ...held, data: probs, kind: 'probabilities' };
    for (const method of [temperatureScaling(), dirichletCalibration()]) {
      const expected = method.fit(held, labels).apply(held).data;
      const same = method.fit(scores, labels).apply(scores).data;
      const moved = method.fit({ ...held, data: shifted }, labels).apply(held).data;
      expect(firstFar(same, expected, { atol: 1e-7 })).toBeNull();
      expect(firstFar(moved, expected, { atol: 1e-7 })).toBeNull();
    }
  });
});

describe('what cannot be fitted', () => {
  const two = (data: number[], kind: 'logits' | 'probabilities' = 'logits'): ClassScores => ({
    data,
    shape: [data.length / 2, 2],
    kind,
  });
  const methods: readonly CalibrationMethod[] = [
    temperatureScaling(),
    vectorScaling(),
    matrixScaling(),
    dirichletCalibration(),
    isotonicCalibration(),
  ];

  it.each(methods)('$name refuses wrong labels, shapes and values', (method) => {
    const sound = two([1, 0, 0, 1, 0.5, 0]);
    expect(() => method.fit(sound, [0, 1])).toThrow(ShapeError);
    expect(() => method.fit(sound, [0, 1, 2])).toThrow(LabelError);
    expect(() => method.fit(sound, [0, 1, 2])).toThrow('item 2 is 2, expected a class 0 … 1');
    expect(() => method.fit({ ...sound, shape: [6] }, [0, 1, 1])).toThrow(ShapeError);
    expect(() => method.fit(two([1, 0, Number.NaN, 1, 2, 0]), [0, 1, 1])).toThrow(NumericalError);
    expect(() => method.fit(two([0.5, 0.5, 1.5, 0.5], 'probabilities'), [0, 1])).toThrow(
      'item 1 has the value 1.5',
    );
    const fitted = method.fit(sound, [0, 1, 1]);
    expect(() => fitted.apply({ data: [1, 2, 3], shape: [1, 3], kind: 'logits' })).toThrow(
      'scores of 3 classes, expected 2',
    );
  });

  it('a probability of 0 needs a floor', () => {
    const scores = two([1, 0, 0.2, 0.8, 0.4, 0.6], 'probabilities');
    expect(() => temperatureScaling().fit(scores, [0, 1, 0])).toThrow('item 0 has the value 0');
    const fitted = temperatureScaling({ floor: 1e-6 }).fit(scores, [0, 1, 0]);
    expect(fitted.apply(scores).data.every(Number.isFinite)).toBe(true);
    const rounded = two([1 + 1e-6, 0, 0.2, 0.8, 0.4, 0.6], 'probabilities');
    const same = temperatureScaling({ floor: 1e-6 }).fit(rounded, [0, 1, 0]);
    expect(same.temperature).toBeCloseTo(fitted.temperature, 5);
    expect(() => temperatureScaling({ floor: 1 }).fit(scores, [0, 1, 0])).toThrow(RangeError);
  });

  it('a temperature that would be 0 or infinite', () => {
    const sure = two([1, 0, 0, 1]);
    expect(() => temperatureScaling().fit(sure, [0, 1])).toThrow('agree with the scores perfectly');
    expect(() => temperatureScaling().fit(sure, [1, 0])).toThrow('no better than chance');
    // Slope -2 l2 + 0.5 at 1/T = 0: there is an optimum from l2 = 0.25 on.
    expect(temperatureScaling({ l2: 0.3 }).fit(sure, [1, 0]).temperature).toBeGreaterThan(1);
    expect(() => temperatureScaling({ l2: 0.2 }).fit(sure, [1, 0])).toThrow(NumericalError);
    expect(temperatureScaling({ l2: 0.1 }).fit(sure, [0, 1]).temperature).toBeGreaterThan(0);
  });

  it('a negative penalty', () => {
    expect(() => temperatureScaling({ l2: -1 })).toThrow(RangeError);
    expect(() => vectorScaling({ l2: Number.NaN })).toThrow(RangeError);
    expect(() => matrixScaling({ mu: -1 })).toThrow(RangeError);
    expect(() => dirichletCalibration({ lambda: Number.POSITIVE_INFINITY })).toThrow(RangeError);
  });
});
