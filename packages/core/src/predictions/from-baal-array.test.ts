import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { firstFar, readGolden } from '../../test/golden.ts';
import { NumericalError, ShapeError } from '../errors.ts';
import { fromBaalArray } from './from-baal-array.ts';
import { toProbabilities } from './to-probabilities.ts';

describe('fromBaalArray', () => {
  it('moves the pass from the end to the second axis', () => {
    const shapes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 3, maxLength: 5 });
    fc.assert(
      fc.property(shapes, (shape) => {
        const data = Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i);
        const predictions = fromBaalArray(data, shape, { kind: 'values' });
        const K = shape.at(-1) as number;
        expect(predictions.shape).toEqual([shape[0], K, ...shape.slice(1, -1)]);
        const inner = shape.slice(1, -1).reduce((a, b) => a * b, 1);
        for (let n = 0; n < (shape[0] as number); n++) {
          for (let k = 0; k < K; k++) {
            for (let j = 0; j < inner; j++) {
              expect(predictions.data[(n * K + k) * inner + j]).toBe((n * inner + j) * K + k);
            }
          }
        }
      }),
    );
  });

  const golden = readGolden('heuristics');
  const cases = golden.cases.filter(({ call }) => call.function === 'to_prob');
  it('has golden cases', () => expect(cases.length).toBe(8));
  it.each(cases)('detects and converts as Baal does: $id', ({ file, inputs, expected }) => {
    const { data, shape } = golden.tensor(file, inputs?.probabilities as string);
    // Arrays of a single pass have no last axis in Baal's helper.
    const passes = shape.length === 2 ? [...shape, 1] : shape;
    const probs = toProbabilities(fromBaalArray(data as Float64Array, passes));
    const { tensor, ...tolerance } = expected.result as { tensor: string };
    const reference = fromBaalArray(golden.tensor(file, tensor).data as Float64Array, passes, {
      kind: 'values',
    });
    expect(firstFar(probs.data, reference.data as Float64Array, tolerance)).toBeNull();
  });

  it.each([
    ['sums within 1e-5', [0.5 + 9e-6, 0.5], 'probabilities'],
    ['sums beyond 1e-5', [0.5 + 2e-5, 0.5], 'logits'],
    ['a tiny negative value', [-1e-12, 1], 'logits'],
    ['a value above 1', [1 + 1e-12, 0], 'logits'],
  ] as const)('takes %s as %s -> %s', (_, values, kind) => {
    expect(fromBaalArray(Float64Array.from(values), [1, 2, 1]).kind).toBe(kind);
  });

  it('takes one class as a sigmoid', () => {
    expect(fromBaalArray(Float64Array.of(0.2, 1), [2, 1, 1]).kind).toBe('sigmoidProbabilities');
    expect(fromBaalArray(Float64Array.of(0.2, 1.1), [2, 1, 1]).kind).toBe('sigmoidLogits');
  });

  it('takes the kind, coupling and draw that are given, and keeps the precision', () => {
    const predictions = fromBaalArray(Float32Array.of(0.5, 0.5), [1, 2, 1], {
      kind: 'sigmoidProbabilities',
      samples: 'joint',
      draw: 'a',
    });
    expect(predictions).toEqual({
      data: Float32Array.of(0.5, 0.5),
      shape: [1, 1, 2],
      kind: 'sigmoidProbabilities',
      samples: 'joint',
      draw: 'a',
    });
    expect(fromBaalArray(Float32Array.of(0.5, 0.5), [1, 2, 1])).not.toHaveProperty('draw');
  });

  it('refuses a missing pass axis, a wrong size, and NaN with its item', () => {
    expect(() => fromBaalArray(new Float64Array(4), [2, 2])).toThrow('append an axis of length 1');
    expect(() => fromBaalArray(new Float64Array(4), [2, 2, 2])).toThrow(ShapeError);
    const broken = Float64Array.of(0.5, 0.5, Number.NaN, 0.5);
    expect(() => fromBaalArray(broken, [2, 2, 1])).toThrow(NumericalError);
    expect(() => fromBaalArray(broken, [2, 2, 1])).toThrow('item 1');
  });
});
