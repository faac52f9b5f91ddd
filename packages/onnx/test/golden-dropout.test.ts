import { readFileSync } from 'node:fs';
import { createRng, decodeSafetensors, type NdArray } from '@baal/core';
import { afterAll, describe, expect, it } from 'vitest';
import { mcDropout } from '../src/bayesian/mc-dropout.ts';
import { readOnnx } from '../src/graph/read-onnx.ts';
import { createModel, type MaskSharing, type Model } from '../src/model.ts';
import { Predictor } from '../src/prediction/predictor.ts';
import type { OnnxRuntime } from '../src/runtime/onnx-runtime.ts';
import { bothRuntimes } from './runtimes.ts';

interface Case {
  readonly id: string;
  readonly passes: number;
  readonly expected: { readonly eval_logits: { readonly rtol: number; readonly atol: number } };
}

const folder = new URL('./golden/dropout/', import.meta.url);
const manifest = JSON.parse(readFileSync(new URL('manifest.json', folder), 'utf8')) as {
  readonly kurtosis_limit: number;
  readonly cases: readonly Case[];
};
const runtimes = await bothRuntimes();
const open: Predictor[] = [];
afterAll(async () => {
  for (const predictor of open) await predictor.dispose();
});

async function predictorOf(
  runtime: OnnxRuntime,
  model: Model,
  iterations: number,
): Promise<Predictor> {
  const predictor = await Predictor.create(runtime, model, {
    iterations,
    replicate: false,
    memoryBudgetBytes: 2 ** 26,
    threads: 0,
  });
  open.push(predictor);
  return predictor;
}

/** Logits of many passes, reduced on the fly to mean, variance and their companions. */
class Moments {
  n = 0;
  readonly sum: Float64Array;
  readonly squares: Float64Array;
  readonly #shift: Float64Array;
  constructor(shift: Float64Array) {
    this.#shift = shift;
    this.sum = new Float64Array(shift.length);
    this.squares = new Float64Array(shift.length);
  }
  add(values: Float64Array): void {
    this.n++;
    for (let i = 0; i < values.length; i++) {
      const d = (values[i] as number) - (this.#shift[i] as number);
      this.sum[i] = (this.sum[i] as number) + d;
      this.squares[i] = (this.squares[i] as number) + d * d;
    }
  }
  mean(i: number): number {
    return (this.#shift[i] as number) + (this.sum[i] as number) / this.n;
  }
  variance(i: number): number {
    const mean = (this.sum[i] as number) / this.n;
    return ((this.squares[i] as number) / this.n - mean * mean) * (this.n / (this.n - 1));
  }
}

function softmax(logits: Float64Array): Float64Array {
  const most = Math.max(...logits);
  const exps = logits.map((value) => Math.exp(value - most));
  const total = exps.reduce((sum, value) => sum + value, 0);
  return exps.map((value) => value / total);
}

const runs = runtimes.flatMap(([name, runtime]) =>
  manifest.cases.map((reference) => ({ id: reference.id, name, runtime, reference })),
);

describe.each(runs)('dropout $id on $name', ({ runtime, reference }) => {
  const bytes = readFileSync(new URL(`${reference.id}/data.safetensors`, folder));
  const { tensors } = decodeSafetensors(bytes);
  const tensor = (name: string): NdArray => tensors.get(name) as NdArray;
  const x = tensor('x');
  const n = x.shape[0] as number;
  const model = createModel(readOnnx(readFileSync(new URL(`${reference.id}/train.onnx`, folder))), {
    kind: 'logits',
  });
  const batch = { x: { type: 'float32', shape: x.shape, data: x.data as Float32Array } } as const;

  it('is deterministic without a posterior and equals the evaluation graph', async () => {
    const predictor = await predictorOf(runtime, model, 1);
    const { data } = await predictor.predict(batch, n, undefined, 0);
    const expected = tensor('eval_logits').data as Float32Array;
    const { rtol, atol } = reference.expected.eval_logits;
    data.forEach((value, i) => {
      const wanted = expected[i] as number;
      expect(Math.abs(value - wanted)).toBeLessThanOrEqual(atol + rtol * Math.abs(wanted));
    });
  });

  it.each<MaskSharing>(['joint', 'marginal'])(
    'has the reference moments with %s masks',
    async (masks) => {
      const K = 500;
      const draws = 40;
      const predictor = await predictorOf(runtime, mcDropout(model, { masks }), K);
      const C = tensor('logits_mean').shape[1] as number;
      const asFloat64 = (name: string): Float64Array =>
        Float64Array.from(tensor(name).data as Float64Array);
      const quantities = ['logits', 'probs', 'entropy'] as const;
      const moments = new Map(
        quantities.map((name) => [name, new Moments(asFloat64(`${name}_mean`))]),
      );
      for (let d = 0; d < draws; d++) {
        const draw = predictor.draw(createRng(`${reference.id}/${masks}/${d}`));
        const chunks: Float32Array[] = [];
        for (let start = 0; start < n; start += predictor.itemsPerRun) {
          const size = Math.min(predictor.itemsPerRun, n - start);
          const item = x.data.length / n;
          const rows = (x.data as Float32Array).subarray(start * item, (start + size) * item);
          const part = {
            x: { type: 'float32', shape: [size, ...x.shape.slice(1)], data: rows },
          } as const;
          chunks.push((await predictor.predict(part, size, draw, start)).data);
        }
        const all = Float64Array.from(chunks.flatMap((chunk) => [...chunk]));
        for (let k = 0; k < K; k++) {
          const logits = new Float64Array(n * C);
          const probs = new Float64Array(n * C);
          const entropy = new Float64Array(n);
          for (let i = 0; i < n; i++) {
            const row = all.subarray((i * K + k) * C, (i * K + k + 1) * C);
            const p = softmax(row);
            logits.set(row, i * C);
            probs.set(p, i * C);
            entropy[i] = -p.reduce((sum, v) => (v > 0 ? sum + v * Math.log(v) : sum), 0);
          }
          moments.get('logits')?.add(logits);
          moments.get('probs')?.add(probs);
          moments.get('entropy')?.add(entropy);
        }
      }
      for (const name of quantities) {
        const seen = moments.get(name) as Moments;
        const [mean, variance, mu4] = [
          asFloat64(`${name}_mean`),
          asFloat64(`${name}_var`),
          asFloat64(`${name}_mu4`),
        ];
        let compared = 0;
        for (let i = 0; i < mean.length; i++) {
          const v = variance[i] as number;
          const fourth = mu4[i] as number;
          if (fourth > manifest.kurtosis_limit * v * v || v === 0) continue;
          compared++;
          const z =
            (seen.mean(i) - (mean[i] as number)) / Math.sqrt(v / reference.passes + v / seen.n);
          expect(Math.abs(z), `${name} mean ${i}`).toBeLessThan(5);
          const spread = fourth - v * v;
          const zVariance =
            (seen.variance(i) - v) / Math.sqrt(spread / reference.passes + spread / seen.n);
          expect(Math.abs(zVariance), `${name} variance ${i}`).toBeLessThan(5);
        }
        expect(compared).toBeGreaterThan(mean.length / 4);
      }
    },
  );
});
