import { bald, type Predictions } from '@baal/core';
import type { Bench } from './bench.ts';
import { type Side, timed } from './harness.ts';
import { classes, stream } from './workload.ts';

/** BALD over the logits of a pool, `[N, K, C]` in one array. */
export function baldSide({ sizes }: Bench): Side {
  const { pool, passes, scorings } = sizes;
  const rng = stream('logits');
  const data = Float32Array.from({ length: pool * passes * classes }, () => 2 * rng.normal());
  const predictions: Predictions = {
    data,
    shape: [pool, passes, classes],
    kind: 'logits',
    samples: 'joint',
  };
  const heuristic = bald();
  const score = (): void => {
    heuristic.getUncertainties(predictions);
  };
  return {
    name: 'BALD',
    warmUp: async () => {
      for (let i = 0; i < 3; i++) score();
    },
    sample: async () => {
      const ms = await timed(() => {
        for (let i = 0; i < scorings; i++) score();
      });
      return ms / scorings;
    },
  };
}
