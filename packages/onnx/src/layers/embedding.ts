import { ConfigError } from '@baal/core';
import { int64Tensor } from '../graph/tensor-data.ts';
import { checkCount, extentsOf, type Layer } from './layer.ts';

/** Settings of {@link embedding}. */
export interface EmbeddingOptions {
  /** Number of the token that fills up short sequences: its row stays 0, and later layers leave it out. */
  readonly paddingIndex?: number;
}

/**
 * A vector for each token: numbers of tokens `[T]` (int64, 0 … vocabulary-1) to `[T, size]`. Weights
 * `[vocabulary, size]` from a standard normal distribution, PyTorch's default. The input of the network
 * has to be of type `int64`.
 *
 * @throws ConfigError if a setting is out of range
 * @throws ShapeError if the input is not `[T]`
 */
export function embedding(vocabulary: number, size: number, options: EmbeddingOptions = {}): Layer {
  const { paddingIndex } = options;
  checkCount('embedding', 'vocabulary', vocabulary);
  checkCount('embedding', 'size', size);
  if (paddingIndex !== undefined && !(paddingIndex >= 0 && paddingIndex < vocabulary)) {
    throw new ConfigError(
      `embedding: paddingIndex is ${paddingIndex}, expected an integer from 0 to ${vocabulary - 1}`,
    );
  }
  return (context, input) => {
    const { g } = context;
    const [length = 0] = extentsOf('embedding', input, ['tokens']);
    const scope = context.scope('embedding');
    const weight = context.normal(`${scope}.weight`, [vocabulary, size], 1);
    const rows = g.op('Gather', [weight, input.name], { axis: 0 }, scope);
    if (paddingIndex === undefined) return { name: rows, shape: [length, size] };
    const padding = g.initializer(`${scope}.padding`, int64Tensor([paddingIndex], []));
    const isToken = g.op('Not', [g.op('Equal', [input.name, padding])]);
    const tokens = g.op('Cast', [isToken], { to: 1 }, `${scope}.tokens`);
    const name = g.op('Mul', [rows, g.op('Unsqueeze', [tokens, g.ints([-1])])]);
    return { name, shape: [length, size], tokens };
  };
}

/**
 * Adds a learned vector for each position of a sequence `[T, D]`. Weights `[T, D]` from a normal
 * distribution with deviation 0.02.
 *
 * @throws ShapeError if the input is not `[T, D]`
 * @see Devlin et al. 2019, BERT, for the deviation
 */
export function positionEmbedding(): Layer {
  return (context, input) => {
    const shape = extentsOf('positionEmbedding', input, ['tokens', 'size']);
    const scope = context.scope('positionEmbedding');
    const weight = context.normal(`${scope}.weight`, shape, 0.02);
    return { ...input, name: context.g.op('Add', [input.name, weight], {}, scope) };
  };
}
