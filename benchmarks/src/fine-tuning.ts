import { arrayDataset } from '@baal/core';
import { ModelWrapper, resnet } from '@baal/onnx';
import type { Bench, RowGroup } from './bench.ts';
import { interleave, type Side, timed } from './harness.ts';
import { makeRow, type Row, type RowDefinition } from './row.ts';
import { classes, imageShape, randomImages, stream } from './workload.ts';

const pytorchRow: RowDefinition = {
  name: 'head of a frozen ResNet-18, 10 epochs: PyTorch / ours',
  unit: 's',
  ratio: 'other/ours',
  gate: 5,
  aim: 8,
};
const recomputed: RowDefinition = {
  name: 'head of a frozen ResNet-18, 10 epochs: ours recomputed / ours kept',
  unit: 's',
  ratio: 'other/ours',
  gate: 5,
  aim: 8,
};

/** Fine-tuning of a last layer: the frozen part is computed once an item, or in each epoch. */
export const fineTuning: RowGroup = {
  rows: [pytorchRow, recomputed],
  async measure(bench, wanted) {
    const { sizes, progress, reference } = bench;
    const sides = [ourSide(bench, true)];
    const add = (side: Side): number => sides.push(side) - 1;
    const other =
      wanted.has(pytorchRow.name) && reference.pytorch !== undefined
        ? add(pytorchSide(bench))
        : undefined;
    const again = wanted.has(recomputed.name) ? add(ourSide(bench, false)) : undefined;
    const samples = await interleave(sides, { samples: sizes.samples, progress });
    const ours = samples[0] as number[];
    const how = `${sizes.frozen} images of 1x28x28, 3x3 stem, batch ${sizes.frozenBatch}, Adam; a new wrapper and an empty cache in each sample`;
    const rows: Row[] = [];
    if (wanted.has(pytorchRow.name)) {
      const them = other === undefined ? undefined : samples[other];
      const note =
        reference.pytorch === undefined
          ? reference.skipped
          : `${how}; ${reference.pytorch.description}, the body in evaluation mode under no_grad`;
      rows.push(
        makeRow(pytorchRow, { ours, ...(them === undefined ? {} : { other: them }) }, note),
      );
    }
    if (again !== undefined) {
      rows.push(makeRow(recomputed, { ours, other: samples[again] as number[] }, how));
    }
    return rows;
  },
};

function ourSide({ sizes, threads }: Bench, kept: boolean): Side {
  const { frozen, frozenBatch, frozenEpochs } = sizes;
  const dataset = arrayDataset(randomImages(frozen).examples);
  const rng = stream('fine-tuning');
  const model = resnet({ inputShape: imageShape, classes, rng, stem: 'small' });
  const run = async (epochs: number): Promise<number> => {
    await using wrapper = await ModelWrapper.create(model, {
      optimizer: { kind: 'adam', lr: 0.001 },
      epochs,
      batchSize: frozenBatch,
      threads,
      freeze: ['conv*', 'batchNorm*'],
      ...(kept ? {} : { prefixCache: null }),
    });
    return await timed(async () => {
      await wrapper.trainOnDataset(dataset, { rng: rng.fork('train') });
    });
  };
  return {
    name: `head of a frozen ResNet-18 (ours, ${kept ? 'kept' : 'recomputed'})`,
    warmUp: async () => {
      await run(1);
    },
    sample: () => run(frozenEpochs),
  };
}

function pytorchSide({ sizes, reference }: Bench): Side {
  const { frozen, frozenBatch, frozenEpochs } = sizes;
  const run = async (epochs: number): Promise<number> => {
    const seconds = await reference.pytorch?.head(frozen, frozenBatch, epochs);
    if (seconds === undefined) throw new Error('fine-tuning: PyTorch is not there');
    return 1000 * seconds;
  };
  return {
    name: 'head of a frozen ResNet-18 (PyTorch)',
    warmUp: async () => {
      await run(1);
    },
    sample: () => run(frozenEpochs),
  };
}
