import { ConfigError } from '@baal/core';
import { checkCount, extentsOf, type Layer } from './layer.ts';
import { affine } from './sequence.ts';
import { dropout } from './simple.ts';

/** Settings of {@link multiHeadAttention}. */
export interface AttentionOptions {
  /** Dropout rate of the attention weights; 0 by default. */
  readonly dropout?: number;
}

/** Added to the scores of padding: its share is 0 in Float32. */
const MASKED = -1e9;

/**
 * Self-attention with several heads over a sequence `[T, D]`: for each head of size d = D / heads,
 * `softmax(QKᵀ/√d) V`, with Q, K and V affine in the input; then an affine map of all heads side by side.
 * Padding is never looked at; a sequence of padding only looks at all of it evenly.
 *
 * Weights of Q, K and V, `[D, 3D]`, uniform within ±√(6/4D) (Xavier); of the last map, `[D, D]`, within
 * ±1/√D; biases 0: PyTorch's defaults.
 *
 * @throws ConfigError if D does not divide into the heads
 * @throws ShapeError if the input is not `[T, D]`
 * @see Vaswani et al. 2017, Attention Is All You Need, section 3.2
 */
export function multiHeadAttention(heads: number, options: AttentionOptions = {}): Layer {
  checkCount('multiHeadAttention', 'heads', heads);
  const drop =
    options.dropout === undefined || options.dropout === 0 ? undefined : dropout(options.dropout);
  return (context, input) => {
    const { g } = context;
    const [length = 0, size = 0] = extentsOf('multiHeadAttention', input, ['tokens', 'size']);
    if (size % heads !== 0) {
      throw new ConfigError(
        `multiHeadAttention: size ${size} does not divide into ${heads} heads, expected a multiple of it`,
      );
    }
    const scope = context.scope('attention');
    const each = size / heads;
    const all = affine(context, input.name, {
      weight: context.uniform(`${scope}.input.weight`, [size, 3 * size], Math.sqrt(6 / (4 * size))),
      bias: context.constant(`${scope}.input.bias`, [3 * size], 0),
      scope: `${scope}.input`,
    });
    const apart = g.op('Transpose', [g.op('Reshape', [all, g.ints([0, length, 3, heads, each])])], {
      perm: [2, 0, 3, 1, 4],
    });
    // Each [N, heads, T, d].
    const [q, k, v] = g
      .ops('Split', [apart, g.ints([1, 1, 1])], 3, { axis: 0 })
      .map((part) => g.op('Squeeze', [part, g.ints([0])])) as [string, string, string];
    const products = g.op('MatMul', [q, g.op('Transpose', [k], { perm: [0, 1, 3, 2] })]);
    let scores = g.op('Mul', [products, g.float(1 / Math.sqrt(each))]);
    if (input.tokens !== undefined) {
      const isPadding = g.op('Sub', [g.float(1), input.tokens]);
      const bias = g.op('Mul', [isPadding, g.float(MASKED)]);
      scores = g.op('Add', [scores, g.op('Unsqueeze', [bias, g.ints([1, 2])])]);
    }
    const shares = g.op('Softmax', [scores], { axis: -1 }, `${scope}.shares`);
    const kept = drop?.(context, { name: shares, shape: [heads, length, length] }).name ?? shares;
    const mixed = g.op('Transpose', [g.op('MatMul', [kept, v])], { perm: [0, 2, 1, 3] });
    const name = affine(context, g.op('Reshape', [mixed, g.ints([0, length, size])]), {
      weight: context.uniform(`${scope}.output.weight`, [size, size], 1 / Math.sqrt(size)),
      bias: context.constant(`${scope}.output.bias`, [size], 0),
      scope,
    });
    return { ...input, name };
  };
}
