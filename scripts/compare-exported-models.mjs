// Compares training with PyTorch on models that PyTorch exports: gradients, and three SGD steps. Needs torch and
// torchvision (apt-get install python3-torchvision). Prints a table.
//   npm run build && node scripts/compare-exported-models.mjs [PYTHON [MODEL...]]
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createRng, decodeSafetensors } from '@baal/core';
import {
  createModel,
  createOptimizer,
  crossEntropy,
  loadOnnxRuntime,
  withWeights,
} from '@baal/onnx';
import { readOnnxFile } from '@baal/onnx/node';

/** @typedef {{ readonly data: ArrayLike<number | bigint>, readonly shape: readonly number[] }} Values */
/** @typedef {{ loss: number, gradient: number, change: number }} Distances */

// Gradients themselves are no part of the public interface of training.
const trainer = new URL('../packages/onnx/dist/training/trainer.js', import.meta.url);
/** @type {typeof import('../packages/onnx/src/training/trainer.ts')} */
const { Trainer } = await import(trainer.href);

const [python = 'python3', ...wanted] = process.argv.slice(2);
const exporter = fileURLToPath(new URL('../benchmarks/python/export_models.py', import.meta.url));
const runtime = await loadOnnxRuntime();

/** @param {Values} values */
const largest = ({ data }) => {
  let most = 0;
  for (let i = 0; i < data.length; i++) most = Math.max(most, Math.abs(Number(data[i])));
  return most;
};

/**
 * The largest |difference|, relative to the largest number of each array; an array of numbers below a thousandth
 * of the largest of all counts as if it were that large.
 *
 * @param {ReadonlyMap<string, Values>} expected
 * @param {(name: string) => ArrayLike<number>} found
 */
function distance(expected, found) {
  const floor = 1e-3 * Math.max(...[...expected.values()].map(largest));
  let worst = 0;
  for (const [name, values] of expected) {
    const scale = Math.max(largest(values), floor);
    const ours = found(name);
    if (ours.length !== values.data.length) throw new Error(`${name}: ${ours.length} values`);
    for (let i = 0; i < ours.length; i++) {
      const far = Math.abs(Number(ours[i]) - Number(values.data[i])) / scale;
      if (!(far <= worst)) worst = far;
    }
  }
  return worst;
}

/**
 * @param {string} folder
 * @param {{ file: string, lr: number, momentum: number, inputs: string[], parameters: string[] }} entry
 * @returns {Promise<Distances>}
 */
async function compare(folder, { file, lr, momentum, inputs, parameters }) {
  const graph = readOnnxFile(join(folder, `${file}.onnx`));
  const { tensors } = decodeSafetensors(readFileSync(join(folder, `${file}.safetensors`)));
  /** @param {string} name */
  const tensor = (name) => {
    const found = tensors.get(name);
    if (found === undefined) throw new Error(`${file}.safetensors has no ${name}`);
    return found;
  };
  /** @param {string} prefix @returns {Map<string, Values>} */
  const under = (prefix) =>
    new Map(
      [...tensors].flatMap(([name, values]) =>
        name.startsWith(prefix) ? [[name.slice(prefix.length), values]] : [],
      ),
    );
  /** @type {Map<string, any>} */
  const running = new Map(
    [...under('running/')].map(([name, values]) => [name, { type: 'float32', ...values }]),
  );
  const exported = createModel(graph, { kind: 'logits', trainable: parameters });
  const model = withWeights(exported, running);
  const trainer = await Trainer.create(runtime, model, {
    losses: [{ output: model.output, loss: crossEntropy() }],
    optimizer: (size) => createOptimizer({ kind: 'sgd', lr, momentum }, size),
  });
  const target = tensor('target');
  const [size = 0, ...rest] = target.shape;
  const row = rest.reduce((product, extent) => product * extent, 1);
  const batch = {
    size,
    inputs: Object.fromEntries(
      inputs.map((name) => {
        const { data, shape } = tensor(`input/${name}`);
        const type = data instanceof BigInt64Array ? 'int64' : 'float32';
        return [name, /** @type {any} */ ({ type, data, shape })];
      }),
    ),
    targets: [
      Array.from({ length: size }, (_, i) =>
        rest.length === 0
          ? Number(target.data[i])
          : {
              data: Float64Array.from(target.data.slice(i * row, (i + 1) * row), Number),
              shape: rest,
            },
      ),
    ],
    /** @param {number} i */
    nameOf: (i) => `item ${i}`,
  };
  try {
    const rng = createRng(1);
    let [loss, gradient] = [0, 0];
    for (const [step, wanted] of Array.from(tensor('losses').data, Number).entries()) {
      const result = await trainer.step(batch, rng.fork(step));
      loss = Math.max(loss, Math.abs(result.loss - wanted) / wanted);
      if (step > 0) continue;
      gradient = distance(under('gradient/'), (name) => trainer.gradients.view(name));
    }
    const after = trainer.weights();
    const changed = [...under('change/')].filter(([name]) => after.has(name));
    const change = distance(new Map(changed), (name) => {
      const [before, now] = [model.graph.initializers.get(name)?.data, after.get(name)?.data];
      return Array.from(
        /** @type {ArrayLike<number | bigint>} */ (now ?? []),
        (value, i) => Number(value) - Number(before?.[i]),
      );
    });
    return { loss, gradient, change };
  } finally {
    await trainer.dispose();
  }
}

const folder = mkdtempSync(join(tmpdir(), 'exported-models-'));
try {
  const { status, stdout, error } = spawnSync(python, [exporter, folder, ...wanted], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 2 ** 26,
  });
  if (status !== 0) throw new Error(`${python} ${exporter} failed (${error ?? status})`);
  const lines = stdout.split('\n').filter((line) => line.startsWith('{'));
  console.log('| model | operator set | parameters | gradients | 3 steps | losses |');
  console.log('|---|---|---|---|---|---|');
  for (const line of lines) {
    const entry = JSON.parse(line);
    const ours = await compare(folder, entry);
    /** @param {keyof Distances} what */
    const pair = (what) => `${ours[what].toExponential(0)} (${entry.torch[what].toExponential(0)})`;
    const cells = [
      entry.name,
      entry.opset,
      entry.size,
      pair('gradient'),
      pair('change'),
      pair('loss'),
    ];
    console.log(`| ${cells.join(' | ')} |`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
