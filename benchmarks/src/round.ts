import { arrayDataset, bald } from '@baal/core';
import type { ModelWrapper } from '@baal/onnx';
import { baldSide } from './bald.ts';
import type { Bench, RowGroup } from './bench.ts';
import { interleave, type Side, timed } from './harness.ts';
import { makeRow, type Row, type RowDefinition } from './row.ts';
import { randomImages, stream, wrap } from './workload.ts';

const whole: RowDefinition = {
  name: "whole round: Baal's way in PyTorch / ours",
  unit: 's',
  ratio: 'other/ours',
  gate: 6,
  aim: 10,
};
const share: RowDefinition = {
  name: 'BALD on the pool: our scoring / our whole round',
  unit: 'ms',
  ratio: 'ours/other',
  gate: 0.01,
  aim: 0.003,
};

/**
 * A round of active learning: fresh weights, training, K posterior samples of the pool, BALD, ranks.
 */
export const round: RowGroup = {
  rows: [whole, share],
  async measure(bench, wanted) {
    const { sizes, threads, progress, reference } = bench;
    await using wrapper = await wrap('cnn', {
      optimizer: { kind: 'adamw', lr: 0.001, weightDecay: 0.01 },
      epochs: sizes.epochs,
      batchSize: sizes.batches.cnn,
      threads,
    });
    await wrapper.mcDropout();
    const sides = [ourRound(bench, wrapper)];
    const add = (side: Side): number => sides.push(side) - 1;
    const scoring = wanted.has(share.name) ? add(baldSide(bench)) : undefined;
    const other =
      wanted.has(whole.name) && reference.pytorch !== undefined ? add(baalRound(bench)) : undefined;
    const samples = await interleave(sides, { samples: sizes.samples, progress });
    const ours = samples[0] as number[];
    const rows: Row[] = [];
    if (wanted.has(whole.name)) {
      const them = other === undefined ? undefined : samples[other];
      rows.push(
        makeRow(
          whole,
          { ours, ...(them === undefined ? {} : { other: them }) },
          reference.pytorch === undefined
            ? reference.skipped
            : `train ${sizes.labelled} images x ${sizes.epochs} epochs, batch ${sizes.batches.cnn}, AdamW; BALD over ${sizes.pool}, K=${sizes.passes}; PyTorch's predictions measured on ${sizes.slowPool} images and scaled; ${reference.pytorch.description}`,
        ),
      );
    }
    if (scoring !== undefined) {
      const note = `[${sizes.pool}, ${sizes.passes}, 10] float32 logits; a sample is the mean of ${sizes.scorings} calls`;
      rows.push(makeRow(share, { ours: samples[scoring] as number[], other: ours }, note));
    }
    return rows;
  },
};

function ourRound({ sizes }: Bench, wrapper: ModelWrapper): Side {
  const { labelled, pool, passes } = sizes;
  const { examples } = randomImages(Math.max(labelled, pool));
  const train = arrayDataset(examples.slice(0, labelled));
  const candidates = arrayDataset(examples.slice(0, pool));
  const rng = stream('round');
  let rounds = 0;
  const run = async (): Promise<void> => {
    const mine = rng.fork(`round-${rounds++}`);
    await wrapper.reset();
    await wrapper.train(train, { rng: mine.fork('train') });
    const { ranks } = await bald().getRanks(
      wrapper.predictOnDatasetGenerator(candidates, {
        iterations: passes,
        rng: mine.fork('predict'),
      }),
    );
    if (ranks.length !== pool) throw new Error(`round: ${ranks.length} ranks, expected ${pool}`);
  };
  return { name: 'round, ours', warmUp: run, sample: () => timed(run) };
}

function baalRound({ sizes, reference }: Bench): Side {
  const { labelled, epochs, pool, slowPool, slowBatch, passes } = sizes;
  const run = async (items: number, epochs: number): Promise<number> => {
    const times = await reference.pytorch?.round({
      labelled,
      batch: sizes.batches.cnn,
      epochs,
      items,
      predictBatch: slowBatch,
      passes,
      pool,
    });
    if (times === undefined) throw new Error('round: PyTorch is not there');
    return 1000 * (times.train + (times.predict * pool) / items + times.score);
  };
  return {
    name: 'round, PyTorch',
    warmUp: async () => {
      await run(slowBatch, 1);
    },
    sample: () => run(slowPool, epochs),
  };
}
