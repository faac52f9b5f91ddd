import { createRng, type Predictions } from '@baal/core';
import { blobs } from '@baal/core/testing';
import { expect, it } from 'vitest';
import { mcDropout } from '../bayesian/mc-dropout.ts';
import { mlp } from '../layers/networks.ts';
import { loadOnnxRuntime } from '../runtime/onnx-runtime.ts';
import { traceGraph } from '../runtime/trace.ts';
import { DatasetPredictions, type PredictionRequest } from './dataset-predictions.ts';

const runtime = await loadOnnxRuntime();
const rng = createRng('streams');
const pool = blobs({ n: 6, features: 5, rng: rng.fork('blobs') });
const model = mcDropout(
  mlp({ inputShape: [5], classes: 3, hidden: [8], rng: rng.fork('weights') }),
);
const request = (iterations: number): PredictionRequest => ({
  asked: model,
  current: () => model,
  iterations,
  rng: rng.fork('draw'),
});

/** Keeps one predictor at a time; one item makes a chunk. */
async function narrow(): Promise<DatasetPredictions> {
  const trace = await traceGraph(runtime, model.graph);
  const settings = { replicate: false, memoryBudgetBytes: 1, threads: 1, classAxis: 0 };
  return new DatasetPredictions(runtime, trace, settings, 0);
}

async function chunksOf(stream: AsyncIterable<Predictions>): Promise<unknown[]> {
  const chunks: unknown[] = [];
  for await (const { data } of stream) chunks.push(data);
  return chunks;
}

it('streams that are read in turn give what they give alone, though only one predictor is kept', async () => {
  const predictions = await narrow();
  const counts = [2, 3];
  const alone = [];
  for (const count of counts) alone.push(await chunksOf(predictions.stream(pool, request(count))));
  expect(alone[0]).toHaveLength(6);

  const streams = counts.map((count) => predictions.stream(pool, request(count)));
  const read: unknown[][] = [[], []];
  for (let chunk = 0; chunk < 6; chunk++) {
    for (const [i, stream] of streams.entries()) read[i]?.push((await stream.next()).value?.data);
  }
  expect(read).toEqual(alone);
  await predictions.dispose();
});

it('a stream goes on after another one is read whole between its chunks', async () => {
  const predictions = await narrow();
  const stream = predictions.stream(pool, request(2));
  await stream.next();
  await chunksOf(predictions.stream(pool, request(3)));
  expect(await chunksOf(stream)).toHaveLength(5);
  await predictions.dispose();
});
