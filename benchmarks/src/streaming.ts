import type { Bench, RowGroup } from './bench.ts';
import { inChildren } from './in-child.ts';
import { makeRow, type Row, type RowDefinition } from './row.ts';
import { classes } from './workload.ts';

const segmentationMemory: RowDefinition = {
  name: 'BALD of [64, 20, 21, 64, 64] in chunks of 4 images: memory growth / one chunk',
  unit: 'MB',
  ratio: 'ours/other',
  gate: 2,
  aim: 1.5,
};
const segmentationTime: RowDefinition = {
  name: 'BALD of [64, 20, 21, 64, 64] in chunks of 4 images: time / 10 s allowed',
  unit: 's',
  ratio: 'ours/other',
  gate: 1,
  aim: 0.5,
};
const top: RowDefinition = {
  name: '1,000,000 items streamed to a top 1000: peak memory / that of 200,000 items',
  unit: 'MB',
  ratio: 'ours/other',
  gate: 1.2,
  aim: 1.1,
};

const segmentClasses = 21;
const imagesAtOnce = 4;
const itemsAtOnce = 1000;
const kept = 1000;

/** Pools that are streamed through a heuristic, each in a process of its own. */
export const streaming: RowGroup = {
  rows: [segmentationMemory, segmentationTime, top],
  async measure(bench, wanted) {
    const rows: Row[] = [];
    if (wanted.has(segmentationMemory.name) || wanted.has(segmentationTime.name)) {
      rows.push(...(await segmentation(bench)).filter(({ name }) => wanted.has(name)));
    }
    if (wanted.has(top.name)) rows.push(await topOfStream(bench));
    return rows;
  },
};

async function segmentation({ sizes, progress }: Bench): Promise<Row[]> {
  const [images, height, width] = sizes.segmented;
  const shape = [images, sizes.passes, segmentClasses, height, width] as const;
  const figures = await inChildren(sizes.samples, progress, 'segmentation', ...shape, imagesAtOnce);
  const bytes = (4 * imagesAtOnce * shape.reduce((a, b) => a * b)) / images;
  const note = `float32 logits [${shape.join(', ')}], mean over the pixels; the growth counts the chunk itself; the time is that of scoring, one thread`;
  return [
    makeRow(segmentationMemory, { ours: figures.growthMB, other: [bytes / 1e6] }, note),
    makeRow(segmentationTime, { ours: figures.ms, other: [10_000] }, note),
  ];
}

async function topOfStream({ sizes, progress }: Bench): Promise<Row> {
  const { samples, passes, streams } = sizes;
  const peaks = async (items: number): Promise<number[]> =>
    (await inChildren(samples, progress, 'top', items, passes, classes, itemsAtOnce, kept)).peakMB;
  const other = await peaks(streams[0]);
  const ours = await peaks(streams[1]);
  return makeRow(
    top,
    { ours, other },
    `topRanks(bald()) over float32 logits [N, ${passes}, ${classes}] in new chunks of ${itemsAtOnce}; memory of the whole process`,
  );
}
