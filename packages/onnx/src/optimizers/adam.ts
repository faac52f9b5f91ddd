import type { Optimizer } from './optimizer.ts';
import { checkBuffers, checkSetting, restore } from './settings.ts';

/** Adam and AdamW, with PyTorch's meaning of the settings. */
export interface AdamConfig {
  /** `adam` adds weight decay to the gradient, `adamw` shrinks the parameter itself. */
  readonly kind: 'adam' | 'adamw';
  /** Learning rate. */
  readonly lr: number;
  /** Decay of the two moments, each in [0, 1); 0.9 and 0.999 by default. */
  readonly betas?: readonly [number, number];
  /** Added to the root of the second moment; 1e-8 by default. */
  readonly eps?: number;
  /** Weight decay λ; 0 by default (PyTorch's AdamW: 0.01). */
  readonly weightDecay?: number;
}

/**
 * `m = β₁m + (1 - β₁)g; v = β₂v + (1 - β₂)g²; p -= η m̂ / (√v̂ + ε)` with m̂ = m / (1 - β₁ᵗ) and
 * v̂ = v / (1 - β₂ᵗ) at step t. Weight decay: `g += λp` before (adam), or `p *= 1 - ηλ` before (adamw).
 *
 * @throws ConfigError if a setting is out of range.
 * @see Kingma and Ba 2015, algorithm 1; Loshchilov and Hutter 2019, algorithm 2
 */
export function adam(config: AdamConfig, size: number): Optimizer {
  const { kind, lr, betas = [0.9, 0.999], eps = 1e-8, weightDecay = 0 } = config;
  checkSetting('lr', lr, 0);
  checkSetting('betas[0]', betas[0], 0, 1);
  checkSetting('betas[1]', betas[1], 0, 1);
  checkSetting('eps', eps, 0);
  checkSetting('weightDecay', weightDecay, 0);
  const [beta1, beta2] = betas;
  const first = new Float32Array(size);
  const second = new Float32Array(size);
  const steps = new Float64Array(1);
  return {
    name: kind,
    step(parameters, gradients, learningRate = lr) {
      checkBuffers(kind, size, parameters, gradients);
      const t = (steps[0] as number) + 1;
      steps[0] = t;
      update(parameters, gradients, first, second, {
        beta1,
        beta2,
        eps,
        stepSize: learningRate / (1 - beta1 ** t),
        rootScale: 1 / Math.sqrt(1 - beta2 ** t),
        added: kind === 'adam' ? weightDecay : 0,
        kept: kind === 'adamw' ? 1 - learningRate * weightDecay : 1,
      });
    },
    reset() {
      first.fill(0);
      second.fill(0);
      steps[0] = 0;
    },
    state: () =>
      new Map([
        ['first', { data: first.slice(), shape: [size] }],
        ['second', { data: second.slice(), shape: [size] }],
        ['steps', { data: steps.slice(), shape: [1] }],
      ]),
    loadState: (state) => restore(kind, state, { first, second, steps }),
  };
}

interface Scalars {
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
  /** η / (1 - β₁ᵗ). */
  readonly stepSize: number;
  /** 1 / √(1 - β₂ᵗ). */
  readonly rootScale: number;
  /** Multiple of the parameter that is added to its gradient. */
  readonly added: number;
  /** Factor of the parameter before the step. */
  readonly kept: number;
}

function update(
  p: Float32Array,
  g: Float32Array,
  m: Float32Array,
  v: Float32Array,
  { beta1, beta2, eps, stepSize, rootScale, added, kept }: Scalars,
): void {
  const [new1, new2] = [1 - beta1, 1 - beta2];
  for (let i = 0; i < p.length; i++) {
    const value = p[i] as number;
    const gradient = (g[i] as number) + added * value;
    const mean = beta1 * (m[i] as number) + new1 * gradient;
    const square = beta2 * (v[i] as number) + new2 * gradient * gradient;
    m[i] = mean;
    v[i] = square;
    p[i] = kept * value - (stepSize * mean) / (Math.sqrt(square) * rootScale + eps);
  }
}
