import { loadOnnxRuntime, type OnnxRuntime } from '@baal/onnx';
import type { Bench, RowGroup } from './bench.ts';
import { interleave } from './harness.ts';
import { makeRow, type Row, type RowDefinition } from './row.ts';
import { trainingSide } from './training-side.ts';
import type { Network } from './workload.ts';

const definitions: readonly (RowDefinition & { readonly network: Network })[] = [
  {
    name: 'training step, DBAL CNN: in WebAssembly / native',
    network: 'cnn',
    unit: 'ms',
    ratio: 'ours/other',
    gate: 3.5,
    aim: 3,
  },
  {
    name: 'training step, MLP 784-512-512-10: in WebAssembly / native',
    network: 'mlp',
    unit: 'ms',
    ratio: 'ours/other',
    gate: 3.5,
    aim: 3,
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
  bench: Bench,
  definition: (typeof definitions)[number],
): Promise<Row> {
  const { network } = definition;
  const { sizes, threads, progress } = bench;
  const module = await import('onnxruntime-web');
  module.env.wasm.numThreads = threads;
  const web = await loadOnnxRuntime({ module: module as OnnxRuntime });
  await using inWeb = await trainingSide(`${definition.name} (WebAssembly)`, network, bench, web);
  await using native = await trainingSide(`${definition.name} (native)`, network, bench);
  const [ours, other] = await interleave([inWeb, native], { samples: sizes.samples, progress });
  const how = `onnxruntime-web and onnxruntime-node in Node.js, batch ${sizes.batches[network]}, SGD with momentum 0.9; a sample is the mean of ${sizes.steps[network]} steps`;
  return makeRow(definition, { ours: ours as number[], other: other as number[] }, how);
}
