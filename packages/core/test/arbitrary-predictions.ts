import fc from 'fast-check';
import type { PredictionKind, Predictions } from '../src/predictions/predictions.ts';

/** Softmax, written apart from the library as a second route. */
export const softmax = (logits: readonly number[]): number[] => {
  const exps = logits.map((x) => Math.exp(x - Math.max(...logits)));
  const sum = exps.reduce((a, b) => a + b, 0);
  return exps.map((x) => x / sum);
};

/** Sound predictions of small random shapes `[N, K, C, ...]`. */
export const arbitraryPredictions = (
  kinds: readonly PredictionKind[],
  { minK = 1, minN = 0 }: { readonly minK?: number; readonly minN?: number } = {},
): fc.Arbitrary<Predictions> =>
  fc
    .record({
      kind: fc.constantFrom(...kinds),
      N: fc.integer({ min: minN, max: 6 }),
      K: fc.integer({ min: minK, max: 5 }),
      C: fc.integer({ min: 1, max: 4 }),
      rest: fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 2 }),
      single: fc.boolean(),
    })
    .chain(({ kind, N, K, C: c, rest, single }) => {
      const C = kind === 'logits' || kind === 'probabilities' ? c + 1 : c;
      const R = rest.reduce((a, b) => a * b, 1);
      const length = N * K * C * R;
      const value =
        kind === 'sigmoidProbabilities'
          ? fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(0, 1))
          : fc.oneof(fc.double({ min: -30, max: 30, noNaN: true }), fc.constantFrom(0, -700, 700));
      return fc.array(value, { minLength: length, maxLength: length }).map((values) => {
        if (kind === 'probabilities') {
          for (let pass = 0; pass < N * K; pass++) {
            for (let r = 0; r < R; r++) {
              const at = (i: number): number => (pass * C + i) * R + r;
              const probs = softmax(Array.from({ length: C }, (_, i) => values[at(i)] as number));
              for (const [i, p] of probs.entries()) values[at(i)] = p;
            }
          }
        }
        const data = single ? Float32Array.from(values) : Float64Array.from(values);
        return { data, shape: [N, K, C, ...rest], kind, samples: 'joint' as const, draw: 'd' };
      });
    });

/** All kinds of predictions that are about probabilities. */
export const PROBABILISTIC = [
  'logits',
  'probabilities',
  'sigmoidLogits',
  'sigmoidProbabilities',
] as const;
