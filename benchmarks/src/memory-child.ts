/*
 * One piece of work in a process of its own, whose memory is only that of the work:
 *   node memory-child.js TASK NUMBER…
 * prints { ms, peakMB, growthMB } as one JSON line. `in-child.ts` starts it.
 */
import { readFileSync } from 'node:fs';
import { bald, batchBald, createRng, epig, type Predictions, topRanks } from '@baal/core';
import { modelLogits } from './workload.ts';

/** Makes what the work reads, and returns the work: it tells how long its own part took. */
type Task = (...sizes: number[]) => () => Promise<number>;

const tasks: Readonly<Record<string, Task>> = {
  batchBald: (N = 0, K = 0, C = 0, batchSize = 0) => {
    const rng = createRng('memory');
    const predictions = modelLogits([N, K, C], rng);
    return () => timed(() => batchBald({ batchSize }).getRanks(predictions, { rng }));
  },
  epig: (N = 0, K = 0, C = 0, T = 0) => {
    const rng = createRng('memory');
    const pool = modelLogits([N, K, C], rng);
    const targetPredictions = modelLogits([T, K, C], rng);
    return () => timed(() => epig({ targetPredictions }).getRanks(pool));
  },
  segmentation: (N = 0, K = 0, C = 0, height = 0, width = 0, chunk = 0) => {
    const rng = createRng('memory');
    return () => {
      const buffer = new Float32Array(chunk * K * C * height * width);
      const first = modelLogits([chunk, K, C, height, width], rng, buffer);
      const rest = N / chunk - 1;
      return reading([first], rest, (chunks) =>
        bald({ reduction: 'mean' }).getUncertaintiesGenerator(chunks),
      );
    };
  },
  top: (N = 0, K = 0, C = 0, chunk = 0, count = 0) => {
    const kinds = Array.from({ length: 8 }, (_, i) => modelLogits([chunk, K, C], createRng(i)));
    return () =>
      reading(kinds, N / chunk - kinds.length, (chunks) => topRanks(bald(), chunks, count));
  },
};

/**
 * Time of work that reads the given chunks and `more` scaled ones, without that of making them. Like
 * those of an engine, all but the given ones are new arrays; of one chunk, the array is used again.
 */
async function reading(
  given: readonly Predictions[],
  more: number,
  work: (chunks: Iterable<Predictions>) => Promise<unknown>,
): Promise<number> {
  let making = 0;
  function* chunks(): Generator<Predictions> {
    yield* given;
    for (let i = 0; i < more; i++) {
      const start = performance.now();
      const from = given[i % given.length] as Predictions;
      const data = given.length === 1 ? from.data : new Float32Array(from.data.length);
      const scale = 0.9 + 0.2 * ((i * 0.618) % 1);
      for (let j = 0; j < data.length; j++) data[j] = scale * (from.data[j] as number);
      making += performance.now() - start;
      yield { ...from, data };
    }
  }
  return (await timed(() => work(chunks()))) - making;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** A line of the kernel's account of this process, in MB. */
function memory(name: 'VmHWM' | 'VmRSS'): number {
  const line = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(
    readFileSync('/proc/self/status', 'utf8'),
  );
  return (Number(line?.[1]) * 1024) / 1e6;
}

const [name = '', ...sizes] = process.argv.slice(2);
const work = tasks[name]?.(...sizes.map(Number));
if (work === undefined) throw new Error(`memory-child: there is no task "${name}"`);
const before = memory('VmRSS');
const ms = await work();
const peakMB = memory('VmHWM');
console.log(JSON.stringify({ ms, peakMB, growthMB: peakMB - before }));
