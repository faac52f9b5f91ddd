import { loadOnnxRuntime, type OnnxRuntime } from '@baal/onnx';
import type { Bench, RowGroup } from './bench.ts';
import { interleave, type Side, timed } from './harness.ts';
import { makeRow, type Row, type RowDefinition } from './row.ts';
import { examplesFor, type Network, stream, wrap } from './workload.ts';

const definitions: readonly (RowDefinition & { readonly network: Network })[] = [
  {
    name: 'training step, DBAL CNN: in WebAssembly / native',
    network: 'cnn',
    unit: 'ms',
    ratio: 'ours/other',
    gate: 5,
    aim: 3.5,
  },
  {
    name: 'training step, MLP 784-512-512-10: in WebAssembly / native',
    network: 'mlp',
    unit: 'ms',
    ratio: 'ours/other',
    gate: 5,
    aim: 3.5,
  },
];

/** The training step of a browser beside that of Node.js: the same graphs on onnxruntime-web and onnxruntime-node. */
export const webRows: RowGroup = {
  rows: definitions,
  async measure(bench, wanted) {
    const rows: Row[] = [];
    for (const definition of definitions.filter(({ name }) => wanted.has(name))) {
      rows.push(await measureRuntimes(bench, definition));
    }
    return rows;
  },
};

async function measureRuntimes(
  { sizes, threads, progress }: Bench,
  definition: (typeof definitions)[number],
): Promise<Row> {
  const { network } = definition;
  const module = await import('onnxruntime-web');
  module.env.wasm.numThreads = threads;
  const web = await loadOnnxRuntime({ module: module as OnnxRuntime });
  const args = { optimizer: { kind: 'sgd', lr: 0.01, momentum: 0.9 }, threads } as const;
  await using inWeb = await wrap(network, args, web);
  await using native = await wrap(network, args);
  const [batch, steps] = [sizes.batches[network], sizes.steps[network]];
  const examples = examplesFor(network, batch);
  const rng = stream('training');
  const sides = [['WebAssembly', inWeb] as const, ['native', native] as const].map(
    ([name, wrapper]): Side => {
      let made = 0;
      const step = (): Promise<number> =>
        wrapper.trainOnBatch(examples, { rng: rng.fork(`step-${made++}`) });
      return {
        name: `${definition.name} (${name})`,
        warmUp: async () => {
          for (let i = 0; i < Math.min(3, steps); i++) await step();
        },
        sample: async () => {
          await step();
          const ms = await timed(async () => {
            for (let i = 0; i < steps; i++) await step();
          });
          return ms / steps;
        },
      };
    },
  );
  const [ours, other] = await interleave(sides, { samples: sizes.samples, progress });
  const how = `onnxruntime-web and onnxruntime-node in Node.js, batch ${batch}, SGD with momentum 0.9; a sample is the mean of ${steps} steps`;
  return makeRow(definition, { ours: ours as number[], other: other as number[] }, how);
}
