import type { Bench, RowGroup } from './bench.ts';
import { interleave, type Side } from './harness.ts';
import { makeRow, type Row, type RowDefinition } from './row.ts';
import { trainingSide } from './training-side.ts';
import type { Network } from './workload.ts';

const definitions: readonly (RowDefinition & { readonly network: Network })[] = [
  {
    name: 'training step, DBAL CNN: ours / PyTorch',
    network: 'cnn',
    unit: 'ms',
    ratio: 'ours/other',
    gate: 1.3,
    aim: 1,
  },
  {
    name: 'training step, MLP 784-512-512-10: ours / PyTorch',
    network: 'mlp',
    unit: 'ms',
    ratio: 'ours/other',
    gate: 0.8,
    aim: 0.6,
  },
  {
    name: 'training step, VGG-like of six 3x3 convolutions: ours / PyTorch',
    network: 'vgg',
    unit: 'ms',
    ratio: 'ours/other',
    gate: 1.3,
    aim: 1,
  },
  {
    name: 'training step, ResNet-18 on 64x64: ours / PyTorch',
    network: 'resnet',
    unit: 'ms',
    ratio: 'ours/other',
    gate: 1.3,
    aim: 1,
  },
  {
    name: 'training step, inverted residuals as in MobileNetV2: ours / PyTorch',
    network: 'mobile',
    unit: 'ms',
    ratio: 'ours/other',
    gate: 1.3,
    aim: 1,
  },
  {
    name: 'training step, encoder of DistilBERT’s shape: ours / PyTorch',
    network: 'encoder',
    unit: 'ms',
    ratio: 'ours/other',
    gate: 1.3,
    aim: 1,
  },
  {
    name: 'training step, U-Net on 64x64: ours / PyTorch',
    network: 'unet',
    unit: 'ms',
    ratio: 'ours/other',
    gate: 1.3,
    aim: 1,
  },
  {
    name: 'training step, LSTM of 128 units over 64 tokens: ours / PyTorch',
    network: 'lstm',
    unit: 'ms',
    ratio: 'ours/other',
    gate: 1.5,
    aim: 1,
  },
];

/** One training step: forward with dropout, cross-entropy, backward, SGD with momentum. */
export const training: RowGroup = {
  rows: definitions,
  async measure(bench, wanted) {
    const rows: Row[] = [];
    for (const definition of definitions.filter(({ name }) => wanted.has(name))) {
      rows.push(await measureSteps(bench, definition));
    }
    return rows;
  },
};

async function measureSteps(bench: Bench, definition: (typeof definitions)[number]): Promise<Row> {
  const { network } = definition;
  const { sizes, reference, progress } = bench;
  const { pytorch } = reference;
  const [batch, steps] = [sizes.batches[network], sizes.steps[network]];
  await using ours = await trainingSide(`${definition.name} (ours)`, network, bench);
  const sides: Side[] = [ours];
  if (pytorch !== undefined) {
    sides.push({
      name: `${definition.name} (PyTorch)`,
      warmUp: async () => {
        await pytorch.step(network, batch, Math.min(3, steps));
      },
      sample: async () => 1000 * (await pytorch.step(network, batch, steps)),
    });
  }
  const [mine, other] = await interleave(sides, { samples: sizes.samples, progress });
  const how = `batch ${batch}, dropout on, SGD with momentum 0.9; a sample is the mean of ${steps} steps`;
  return makeRow(
    definition,
    { ours: mine as number[], ...(other === undefined ? {} : { other }) },
    pytorch === undefined ? reference.skipped : `${how}; ${pytorch.description}`,
  );
}
