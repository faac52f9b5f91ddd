import fc from 'fast-check';
import { expect, it } from 'vitest';
import { entropySum } from './entropy-sum.ts';

it('is the sum of -v ln v by the logarithm of the platform, to 2e-15 a value', () => {
  const values = fc.array(
    fc.oneof(
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.constantFrom(0, 1, 1 + 1e-15, 5e-324, 1e-308, 2.3e-308, 1e-300, 0.5, 1 - 1e-16),
      fc.double({ min: 0, max: 1e-6, noNaN: true }),
    ),
    { minLength: 1, maxLength: 40 },
  );
  fc.assert(
    fc.property(values, (list) => {
      const sum = entropySum(list.length + 2);
      sum.values.fill(7);
      sum.values.set(list, 1);
      const expected = list.reduce((a, v) => a - (v === 0 ? 0 : v * Math.log(v)), 0);
      expect(Math.abs(sum.entropy(1, list.length + 1) - expected)).toBeLessThan(
        2e-15 * list.length,
      );
    }),
    { numRuns: 2000 },
  );
});

it('holds its bound at the ends of the intervals of its tables, where it is worst', () => {
  const { values, entropy } = entropySum(1);
  for (let i = 0; i < 2048; i++) {
    for (const v of [1 + i / 2048, 1 + (i + 1) / 2048 - 2 ** -50]) {
      for (const scaled of [v / 2, v / 1024]) {
        values[0] = scaled;
        expect(Math.abs(entropy(0, 1) + scaled * Math.log(scaled))).toBeLessThan(1e-15);
      }
    }
  }
});
