import {
  arrayDataset,
  bald,
  bayesianModelAverage,
  createRng,
  type Dataset,
  type Example,
  toProbabilities,
} from '@baal/core';
import {
  conv2d,
  dense,
  dropout,
  flatten,
  loadOnnxRuntime,
  ModelWrapper,
  maxPool2d,
  mcDropout,
  relu,
  sequential,
} from '@baal/onnx';
import mjs from 'onnxruntime-web/ort-wasm-simd-threaded.mjs?url';
import wasm from 'onnxruntime-web/ort-wasm-simd-threaded.wasm?url';
import * as ort from 'onnxruntime-web/wasm';
import {
  DIGITS,
  type FromWorker,
  type Kept,
  type Pixels,
  SAMPLES,
  type Scored,
  SHAPE,
  type ToWorker,
} from './messages.ts';

ort.env.wasm.wasmPaths = {
  mjs: new URL(mjs, import.meta.url).href,
  wasm: new URL(wasm, import.meta.url).href,
};

const BATCH = 16;
/** Least numbers of steps and of epochs of a training: few labels are seen more often. */
const STEPS = 160;
const EPOCHS = 30;
/** How long the worker does not listen at a time, ms. */
const PATIENCE = 30;
const rng = createRng('digits');

/** All drawings by position, what is known of them, and the digits to test on. */
const drawings: Example[] = [];
const labels = new Map<number, number>();
let test: Dataset<Example> = arrayDataset([]);

/** What is to do: the newest drawing to guess, and whether labels came since the last training began. */
let toGuess: Pixels | undefined;
let stale = false;
let trainings = 0;
/** Whether the weights come from labels; no longer if all labels were taken back. */
let taught = false;
let wake: (() => void) | undefined;

// Held until the worker dies, and so the page learns of it. Pages that are not served safely have no locks.
const lock = `learner ${crypto.getRandomValues(new Uint32Array(2)).join('-')}`;
navigator.locks?.request(lock, () => {
  send({ type: 'alive', lock });
  return new Promise(() => undefined);
});
addEventListener('unhandledrejection', ({ reason }) => {
  send({ type: 'failed', message: String(reason) });
});

addEventListener('message', ({ data }: MessageEvent<ToWorker>) => {
  switch (data.type) {
    case 'start':
      ort.env.wasm.numThreads = data.threads;
      drawings.push(...data.pool.map(exampleOf));
      for (const [item, label] of data.labels) labels.set(item, label);
      test = arrayDataset(
        data.test.map((pixels, i) => ({
          ...exampleOf(pixels),
          target: data.testLabels[i] as number,
        })),
      );
      toGuess = data.drawing;
      work(data.kept).catch((error: Error) => send({ type: 'failed', message: error.message }));
      break;
    case 'add':
      drawings.push(exampleOf(data.pixels));
      stale = labels.size > 0;
      break;
    case 'label':
      if (data.label === null) labels.delete(data.item);
      else labels.set(data.item, data.label);
      stale = labels.size > 0;
      taught &&= stale;
      break;
    case 'guess':
      toGuess = data.pixels;
      break;
  }
  wake?.();
});

/** One thing at a time: a drawing to guess comes first, then learning, then waiting. */
async function work(kept: Kept | undefined): Promise<void> {
  const network = sequential({
    inputShape: SHAPE,
    rng: rng.fork('weights'),
    layers: [
      conv2d(12, 5),
      relu(),
      maxPool2d(2),
      conv2d(24, 3),
      relu(),
      maxPool2d(2),
      flatten(),
      dropout(0.25),
      dense(64),
      relu(),
      dropout(0.5),
      dense(DIGITS),
    ],
  });
  const model = await ModelWrapper.create(
    mcDropout(network),
    { epochs: 1, batchSize: BATCH, optimizer: { kind: 'adam', lr: 2e-3 } },
    await loadOnnxRuntime({ module: ort }),
  );
  stale = labels.size > 0;
  if (kept !== undefined) {
    await model.loadState(kept.state);
    trainings = kept.trainings;
    taught = true;
    const known = kept.labels.every(([item, label]) => labels.get(item) === label);
    stale &&= !known || kept.labels.length !== labels.size || kept.drawings !== drawings.length;
  }
  for (;;) {
    await guess(model);
    if (stale) await learn(model);
    else {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
      wake = undefined;
    }
  }
}

async function guess(model: ModelWrapper): Promise<void> {
  const pixels = toGuess;
  toGuess = undefined;
  if (pixels === undefined) return;
  if (!taught) {
    send({ type: 'guess', samples: null });
    return;
  }
  const predictions = await model.predictOnBatch([exampleOf(pixels)], {
    iterations: SAMPLES,
    rng: rng.fork('pool'),
  });
  send({ type: 'guess', samples: rowsOf(toProbabilities(predictions).data) });
}

/**
 * Learns anew from all labels, then measures and ranks what is not labelled. Of a training whose
 * labels are all taken back meanwhile nothing is told.
 */
async function learn(model: ModelWrapper): Promise<void> {
  const start = performance.now();
  stale = false;
  taught = true;
  const round = rng.fork(`round ${trainings}`);
  trainings++;
  const used = [...labels];
  const known = used.map(([item, target]) => ({ ...(drawings[item] as Example), target }));
  await model.reset();
  const epochs = Math.max(EPOCHS, Math.round(STEPS / Math.ceil(known.length / BATCH)));
  let listened = start;
  for (let epoch = 0; epoch < epochs; epoch++) {
    await model.train(arrayDataset(known), { rng: round.fork(epoch) });
    if (performance.now() - listened < PATIENCE) continue;
    send({ type: 'progress', done: (epoch + 1) / epochs });
    await pause(); // Messages come in here.
    if (!taught) return;
    await guess(model);
    listened = performance.now();
  }
  send({ type: 'progress', done: 1 });
  const { accuracy } = await model.evaluate(test, {
    averagePredictions: SAMPLES,
    rng: round.fork('test'),
  });
  const seen = drawings.length;
  const ranking = await rank(model);
  const state = await model.state();
  if (!taught) return;
  send({
    type: 'learned',
    labels: known.length,
    accuracy: Number(accuracy),
    uncertainty: ranking.reduce((sum, { score }) => sum + score, 0) / Math.max(1, ranking.length),
    ranking,
    milliseconds: performance.now() - start,
    threads: ort.env.wasm.numThreads ?? 1,
    kept: { state, trainings, labels: used, drawings: seen },
  });
}

/** The unlabelled drawings by BALD, the mutual information between label and weights. */
async function rank(model: ModelWrapper): Promise<Scored[]> {
  const items = [...drawings.keys()].filter((item) => !labels.has(item));
  if (items.length === 0) return [];
  const pool = arrayDataset(items.map((item) => drawings[item] as Example));
  const predictions = await model.predictOnDataset(pool, {
    iterations: SAMPLES,
    rng: rng.fork('pool'),
  });
  const { ranks, scores } = await bald().getRanks(predictions);
  const probabilities = rowsOf(bayesianModelAverage(predictions).data);
  return [...ranks].map((position) => ({
    item: items[position] as number,
    score: scores[position] as number,
    probabilities: probabilities[position] as number[],
  }));
}

/** `[n, 10]` as nested arrays. */
function rowsOf(data: ArrayLike<number>): number[][] {
  const values = Array.from(data);
  return Array.from({ length: values.length / DIGITS }, (_, i) =>
    values.slice(i * DIGITS, (i + 1) * DIGITS),
  );
}

function exampleOf(pixels: Pixels): Example {
  return { input: { data: Float32Array.from(pixels, (value) => value / 255), shape: [...SHAPE] } };
}

function pause(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 0);
  });
}

function send(message: FromWorker): void {
  postMessage(message);
}
