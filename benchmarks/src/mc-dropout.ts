import { arrayDataset } from '@baal/core';
import type { MaskSharing } from '@baal/onnx';
import type { Bench, RowGroup } from './bench.ts';
import { interleave, type Side, timed } from './harness.ts';
import { makeRow, type Row, type RowDefinition } from './row.ts';
import { classes, examplesFor, type Network, stream, wrap } from './workload.ts';

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

const everyLayer: RowDefinition = {
  name: '20 MC passes, encoder with dropout in every layer: PyTorch with replicated input / ours',
  unit: 's',
  ratio: 'other/ours',
  gate: 1,
  aim: 1.5,
};

/**
 * Monte Carlo dropout over a pool, DBAL CNN: images in, all predictions in one array out. Every path
 * that a wanted row needs is measured once, all in turns.
 */
export const mcDropout: RowGroup = {
  rows: [joint, marginal, cut, everyLayer],
  async measure(bench, wanted) {
    const { pool, slowPool, slowBatch, textPool, textBatch } = bench.sizes;
    const images: Pool = { network: 'cnn', items: pool, slowItems: slowPool, slowBatch };
    const slowImages: Pool = { ...images, items: slowPool };
    const texts: Pool = {
      network: 'encoder',
      items: textPool,
      slowItems: textPool,
      slowBatch: textBatch,
    };
    const needs = (...rows: RowDefinition[]): boolean => rows.some(({ name }) => wanted.has(name));
    const paths = new Map<string, Path>();
    if (needs(joint, marginal) && bench.reference.pytorch !== undefined) {
      paths.set('pytorch', pytorchPath(bench, images));
    }
    if (needs(joint, cut)) paths.set('joint', await ourPath(bench, images, 'joint'));
    if (needs(marginal)) paths.set('marginal', await ourPath(bench, images, 'marginal'));
    if (needs(cut))
      paths.set(
        'replicated',
        scaled(await ourPath(bench, slowImages, 'joint', true), pool / slowPool),
      );
    if (needs(everyLayer)) {
      paths.set('encoder', await ourPath(bench, texts, 'joint'));
      if (bench.reference.pytorch !== undefined) {
        paths.set('encoder, pytorch', pytorchPath(bench, texts));
      }
    }
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

/** What is predicted. */
interface Pool {
  readonly network: Network;
  /** Items that our path predicts. */
  readonly items: number;
  /** Items that PyTorch predicts; its time is scaled to all. */
  readonly slowItems: number;
  /** Items of a batch of the replicated input. */
  readonly slowBatch: number;
}

type Path = Side & { readonly close?: () => Promise<void> };

function rowsOf(
  { sizes, reference }: Bench,
  wanted: ReadonlySet<string>,
  of: (path: string) => number[] | undefined,
): Row[] {
  const { pool, slowPool, slowBatch, passes, textPool, textBatch } = sizes;
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
    [
      everyLayer,
      'encoder',
      'encoder, pytorch',
      `${textPool} texts of 64 tokens, shared masks; PyTorch in batches of ${textBatch} x ${passes}; ${reference.pytorch?.description}`,
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

/** A path whose time stands for that of more items. */
function scaled(path: Path, factor: number): Path {
  return { ...path, sample: async () => factor * (await path.sample()) };
}

function pytorchPath({ sizes, reference }: Bench, pool: Pool): Path {
  const { network, slowItems, slowBatch } = pool;
  const predict = async (items: number): Promise<number> =>
    1000 * ((await reference.pytorch?.predict(network, items, slowBatch, sizes.passes)) as number);
  return {
    name: `MC passes, ${network}, PyTorch`,
    warmUp: async () => {
      await predict(slowBatch);
    },
    sample: async () => ((await predict(slowItems)) * pool.items) / slowItems,
  };
}

async function ourPath(
  { sizes, threads }: Bench,
  pool: Pool,
  masks: MaskSharing,
  replicateInMemory = false,
): Promise<Path> {
  const { passes } = sizes;
  const { network, items } = pool;
  const wrapper = await wrap(network, {
    optimizer: { kind: 'sgd', lr: 0.01 },
    replicateInMemory,
    threads,
  });
  await wrapper.mcDropout({ masks });
  const examples = examplesFor(network, items);
  const rng = stream('predictions');
  let drawn = 0;
  const predict = async (n: number): Promise<void> => {
    const options = { iterations: passes, rng: rng.fork(`draw-${drawn++}`) };
    const { data } = await wrapper.predictOnDataset(arrayDataset(examples.slice(0, n)), options);
    if (data.length !== n * passes * classes || data[0] === data[classes]) {
      throw new Error(
        `mc-dropout: ${data.length} numbers for ${n} items, or passes that are equal`,
      );
    }
  };
  return {
    name: `MC passes, ${network}, ours, ${replicateInMemory ? 'replicated' : masks}`,
    warmUp: () => predict(replicateInMemory ? pool.slowBatch : items),
    sample: () => timed(() => predict(items)),
    close: () => wrapper.dispose(),
  };
}
