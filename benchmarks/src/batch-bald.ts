import { batchBald, createRng, type Predictions } from '@baal/core';
import type { Bench, RowGroup } from './bench.ts';
import { interleave, type Side, timed } from './harness.ts';
import { inChildren } from './in-child.ts';
import { jointInformation } from './joint-information.ts';
import { makeRow, type Row, type RowDefinition } from './row.ts';
import { classes, modelLogits, stream } from './workload.ts';

const speed: RowDefinition = {
  name: "BatchBALD, 10 of 1000: Baal's loop in PyTorch / ours",
  unit: 's',
  ratio: 'other/ours',
  gate: 20,
  aim: 40,
};
const time: RowDefinition = {
  name: 'BatchBALD, 10 of 1000: ours / 2 s allowed',
  unit: 's',
  ratio: 'ours/other',
  gate: 1,
  aim: 0.5,
};
const quality: RowDefinition = {
  name: 'BatchBALD, 10 of 1000, joint information of the picks: ours / full greedy',
  unit: 'nats',
  ratio: 'ours/other',
  better: 'higher',
  gate: 0.99,
  aim: 0.998,
};
const largeTime: RowDefinition = {
  name: 'BatchBALD, 10 of 10,000: ours / 15 s allowed',
  unit: 's',
  ratio: 'ours/other',
  gate: 1,
  aim: 0.5,
};
const largeMemory: RowDefinition = {
  name: 'BatchBALD, 10 of 10,000: peak memory / 1 GB allowed',
  unit: 'MB',
  ratio: 'ours/other',
  gate: 1,
  aim: 0.5,
};

/** Configurations of labels that judge a batch. */
const judgingDraws = 400_000;

/** BatchBALD at 10,000 configurations of labels: against Baal's loop, and within limits. */
export const batchBaldRows: RowGroup = {
  rows: [speed, time, quality, largeTime, largeMemory],
  async measure(bench, wanted) {
    const rows: Row[] = [];
    if (wanted.has(speed.name) || wanted.has(time.name)) rows.push(...(await timesOf(bench)));
    if (wanted.has(quality.name)) rows.push(await qualityOf(bench));
    if (wanted.has(largeTime.name) || wanted.has(largeMemory.name)) {
      rows.push(...(await limitsOf(bench)));
    }
    return rows.filter(({ name }) => wanted.has(name));
  },
};

async function picksOf(
  { sizes }: Bench,
  pool: Predictions,
  maxConfigurations: number,
): Promise<Uint32Array> {
  const heuristic = batchBald({ batchSize: sizes.picks, maxConfigurations });
  const { batch } = await heuristic.getRanks(pool, { rng: createRng('batch') });
  if (batch === undefined) throw new Error('batch-bald: no batch');
  return batch.picks;
}

function poolOf({ sizes }: Bench): Predictions {
  return modelLogits([sizes.batchPool, sizes.passes, classes], stream('batch-bald'));
}

async function timesOf(bench: Bench): Promise<Row[]> {
  const { sizes, reference, progress } = bench;
  const { batchPool: items, passes, picks, slowPicks } = sizes;
  const pool = poolOf(bench);
  const run = (): Promise<Uint32Array> => picksOf(bench, pool, 10_000);
  const sides: Side[] = [
    {
      name: 'BatchBALD, ours',
      warmUp: async () => {
        await run();
      },
      sample: () => timed(run),
    },
  ];
  const { pytorch } = reference;
  if (pytorch !== undefined) {
    const baal = (more: number): Promise<number> =>
      pytorch.batchBald({ items, passes, classes, picks: 1 + more, draws: 500 });
    sides.push({
      name: 'BatchBALD, PyTorch',
      warmUp: async () => {
        await baal(1);
      },
      sample: async () => (1000 * (await baal(slowPicks)) * (picks - 1)) / slowPicks,
    });
  }
  const [ours, other] = await interleave(sides, { samples: sizes.samples, progress });
  const how = `logits [${items}, ${passes}, ${classes}], up to 10,000 configurations, one thread`;
  const against = `Baal's loop at 500 draws a pass, ${slowPicks} of its ${picks - 1} steps measured and scaled; ${pytorch?.description}`;
  return [
    makeRow(
      speed,
      { ours: ours as number[], ...(other === undefined ? {} : { other }) },
      pytorch === undefined ? reference.skipped : `${how}; ${against}`,
    ),
    makeRow(time, { ours: ours as number[], other: [2000] }, how),
  ];
}

async function qualityOf(bench: Bench): Promise<Row> {
  const { manyConfigurations } = bench.sizes;
  const pool = poolOf(bench);
  bench.progress('BatchBALD: joint information of the picks');
  const ours = jointInformation(pool, await picksOf(bench, pool, 10_000), judgingDraws);
  const other = jointInformation(
    pool,
    await picksOf(bench, pool, manyConfigurations),
    judgingDraws,
  );
  return makeRow(
    quality,
    { ours: [ours], other: [other] },
    `greedy with ${manyConfigurations} configurations in place of 10,000; both batches judged by ${judgingDraws} drawn labels`,
  );
}

async function limitsOf({ sizes, progress }: Bench): Promise<Row[]> {
  const { largeBatchPool, passes, picks, samples } = sizes;
  const shape = [largeBatchPool, passes, classes];
  const figures = await inChildren(samples, progress, 'batchBald', ...shape, picks);
  const note = `float32 logits [${shape.join(', ')}], up to 10,000 configurations, in a new process, one thread`;
  return [
    makeRow(largeTime, { ours: figures.ms, other: [15_000] }, note),
    makeRow(largeMemory, { ours: figures.peakMB, other: [1000] }, `${note}; all of its memory`),
  ];
}
