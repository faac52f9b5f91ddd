import { arrayDataset } from '@baal/core';
import type { MaskSharing } from '@baal/onnx';
import type { Bench, RowGroup } from './bench.ts';
import { interleave, type Side, timed } from './harness.ts';
import { makeRow, type Row, type RowDefinition } from './row.ts';
import { classes, randomImages, stream, wrap } from './workload.ts';

const joint: RowDefinition = {
  name: '20 MC passes, shared masks: PyTorch with replicated input / ours',
  unit: 's',
  ratio: 'other/ours',
  gate: 25,
  aim: 35,
};
const marginal: RowDefinition = {
  name: '20 MC passes, independent masks: PyTorch with replicated input / ours',
  unit: 's',
  ratio: 'other/ours',
  gate: 12,
  aim: 20,
};
const cut: RowDefinition = {
  name: '20 MC passes: our replicated path / our cut path',
  unit: 's',
  ratio: 'other/ours',
  gate: 10,
  aim: 20,
};

/**
 * Monte Carlo dropout over a pool, DBAL CNN: images in, all predictions in one array out. Every path
 * that a wanted row needs is measured once, all in turns.
 */
export const mcDropout: RowGroup = {
  rows: [joint, marginal, cut],
  async measure(bench, wanted) {
    const needs = (...rows: RowDefinition[]): boolean => rows.some(({ name }) => wanted.has(name));
    const paths = new Map<string, Path>();
    if (needs(joint, marginal) && bench.reference.pytorch !== undefined) {
      paths.set('pytorch', pytorchPath(bench));
    }
    if (needs(joint, cut)) paths.set('joint', await ourPath(bench, 'joint', false));
    if (needs(marginal)) paths.set('marginal', await ourPath(bench, 'marginal', false));
    if (needs(cut)) paths.set('replicated', await ourPath(bench, 'joint', true));
    const all = [...paths.values()];
    try {
      const samples = await interleave(all, {
        samples: bench.sizes.samples,
        progress: bench.progress,
      });
      const of = (path: string): number[] | undefined => samples[[...paths.keys()].indexOf(path)];
      return rowsOf(bench, wanted, of);
    } finally {
      for (const path of all) await path.close?.();
    }
  },
};

type Path = Side & { readonly close?: () => Promise<void> };

function rowsOf(
  { sizes, reference }: Bench,
  wanted: ReadonlySet<string>,
  of: (path: string) => number[] | undefined,
): Row[] {
  const { pool, slowPool, slowBatch, passes } = sizes;
  const ours = `ours on ${pool} images, all of the path: masks drawn, predictions out`;
  const baal = `PyTorch on ${slowPool} images in batches of ${slowBatch} x ${passes}, scaled to ${pool}`;
  const table: readonly [RowDefinition, string, string, string][] = [
    [joint, 'joint', 'pytorch', `${ours}; ${baal}; ${reference.pytorch?.description}`],
    [marginal, 'marginal', 'pytorch', `${ours}; ${baal}; ${reference.pytorch?.description}`],
    [
      cut,
      'joint',
      'replicated',
      `shared masks; replicated on ${slowPool} images, scaled to ${pool}`,
    ],
  ];
  return table
    .filter(([definition]) => wanted.has(definition.name))
    .map(([definition, path, against, note]) => {
      const other = of(against);
      return makeRow(
        definition,
        { ours: of(path) as number[], ...(other === undefined ? {} : { other }) },
        other === undefined ? (reference.skipped as string) : note,
      );
    });
}

function pytorchPath({ sizes, reference }: Bench): Path {
  const { pool, slowPool, slowBatch, passes } = sizes;
  const predict = async (items: number): Promise<number> =>
    1000 * ((await reference.pytorch?.predict(items, slowBatch, passes)) as number);
  return {
    name: 'MC passes, PyTorch',
    warmUp: async () => {
      await predict(slowBatch);
    },
    sample: async () => ((await predict(slowPool)) * pool) / slowPool,
  };
}

async function ourPath(
  { sizes, threads }: Bench,
  masks: MaskSharing,
  replicateInMemory: boolean,
): Promise<Path> {
  const { pool, slowPool, slowBatch, passes } = sizes;
  const items = replicateInMemory ? slowPool : pool;
  const wrapper = await wrap('cnn', {
    optimizer: { kind: 'sgd', lr: 0.01 },
    replicateInMemory,
    threads,
  });
  await wrapper.mcDropout({ masks });
  const { examples } = randomImages(items);
  const rng = stream('predictions');
  let drawn = 0;
  const predict = async (n: number): Promise<void> => {
    const options = { iterations: passes, rng: rng.fork(`draw-${drawn++}`) };
    const { data } = await wrapper.predictOnDataset(arrayDataset(examples.slice(0, n)), options);
    if (data.length !== n * passes * classes || data[0] === data[classes]) {
      throw new Error(
        `mc-dropout: ${data.length} numbers for ${n} images, or passes that are equal`,
      );
    }
  };
  return {
    name: `MC passes, ours, ${replicateInMemory ? 'replicated' : masks}`,
    warmUp: () => predict(replicateInMemory ? slowBatch : items),
    sample: async () => ((await timed(() => predict(items))) * pool) / items,
    close: () => wrapper.dispose(),
  };
}
