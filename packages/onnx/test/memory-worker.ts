/*
 * Trains and predicts for a long time in a process of its own and prints its resident memory, in MB,
 * after the warm-up (as much as half of the work) and after each tenth of the work, as one JSON line.
 * memory.test.ts compiles and starts it; it may import packages by their names only.
 */
import { arrayDataset, createRng, type Example } from '@baal/core';
import {
  batchNorm,
  conv2d,
  dense,
  dropout,
  flatten,
  ModelWrapper,
  maxPool2d,
  relu,
  sequential,
} from '@baal/onnx';

const steps = Number(process.argv.at(-1));
const tenths = 10;
const batch = 8;
const rng = createRng('memory');
const sides = [1, 8, 8];
const model = sequential({
  inputShape: sides,
  rng: rng.fork('weights'),
  layers: [
    conv2d(4, 3),
    batchNorm(),
    relu(),
    maxPool2d(2),
    dropout(0.25),
    flatten(),
    dense(16),
    relu(),
    dropout(0.5),
    dense(3),
  ],
});
const pixels = rng.fork('pixels');
const examples: Example[] = Array.from({ length: batch }, (_, i) => ({
  input: { data: Float32Array.from({ length: 64 }, () => pixels.uniform()), shape: sides },
  target: i % 3,
}));
const pool = arrayDataset(examples);
await using wrapper = await ModelWrapper.create(model, {
  optimizer: { kind: 'adam', lr: 0.001 },
  epochs: 1,
  threads: 1,
});
let trained = 0;
let predicted = 0;

/** `count` training steps and as many prediction batches with each kind of mask, in blocks: each block compiles anew. */
async function work(count: number): Promise<void> {
  const blocks = 10;
  for (let block = 0; block < blocks; block++) {
    const part = count / blocks;
    for (let i = 0; i < part; i++) {
      await wrapper.trainOnBatch(examples, { rng: rng.fork(`step-${trained++}`) });
    }
    for (const masks of ['joint', 'marginal'] as const) {
      await wrapper.mcDropout({ masks });
      for (let i = 0; i < part; i++) {
        const options = { iterations: 4, rng: rng.fork(`draw-${predicted++}`) };
        for await (const _ of wrapper.predictOnDatasetGenerator(pool, options));
      }
    }
  }
}

/** Resident memory in MB: the median of readings, each after collecting garbage. */
async function residentMB(): Promise<number> {
  const readings: number[] = [];
  for (let i = 0; i < 5; i++) {
    globalThis.gc?.();
    await new Promise((resolve) => setImmediate(resolve));
    readings.push(process.memoryUsage.rss() / 1e6);
  }
  return readings.sort((a, b) => a - b)[2] as number;
}

await work(steps / 2);
const resident = [await residentMB()];
for (let tenth = 0; tenth < tenths; tenth++) {
  await work(steps / tenths);
  resident.push(await residentMB());
}
console.log(JSON.stringify({ trained, predicted, resident }));
