import { multiHeadAttention } from './attention.ts';
import { residual } from './blocks.ts';
import { checkCount, type Layer, type LayerValue } from './layer.ts';
import { layerNorm } from './normalization.ts';
import { projection } from './sequence.ts';
import { dropout, gelu, relu } from './simple.ts';

/** Settings of {@link transformerEncoder}; the defaults are PyTorch's. */
export interface TransformerOptions {
  /** Heads of the attention. */
  readonly heads: number;
  /** Units of the feed-forward part; 2048 by default. */
  readonly feedForward?: number;
  /** Layers one after the other; 1 by default. */
  readonly layers?: number;
  /** Dropout rate: attention weights, hidden units and before each sum; 0.1 by default. */
  readonly dropout?: number;
  /** Activation of the feed-forward part; `relu` by default. */
  readonly activation?: 'relu' | 'gelu';
  /** Normalises before each part rather than after each sum; false by default. */
  readonly normFirst?: boolean;
}

/**
 * Layers of a transformer's encoder over a sequence `[T, D]`: attention, then a feed-forward part, each
 * added to its input. After each sum comes a layer normalisation, or with `normFirst` before each part.
 *
 * @throws ConfigError if a setting is out of range, or D does not divide into the heads
 * @throws ShapeError if the input is not `[T, D]`
 * @see Vaswani et al. 2017, Attention Is All You Need, section 3; Xiong et al. 2020 for `normFirst`
 */
export function transformerEncoder(options: TransformerOptions): Layer {
  const { heads, feedForward = 2048, layers = 1, dropout: rate = 0.1, normFirst = false } = options;
  checkCount('transformerEncoder', 'layers', layers);
  checkCount('transformerEncoder', 'feedForward', feedForward);
  const activation = options.activation === 'gelu' ? gelu : relu;
  const drop = rate === 0 ? [] : [dropout(rate)];
  return (context, input) => {
    const size = input.shape.at(-1) ?? 0;
    const parts = [
      [multiHeadAttention(heads, { dropout: rate }), ...drop],
      [projection(feedForward), activation(), ...drop, projection(size), ...drop],
    ].flatMap((part) =>
      normFirst ? [residual([layerNorm(), ...part])] : [residual(part), layerNorm()],
    );
    let value: LayerValue = input;
    for (let layer = 0; layer < layers; layer++) {
      for (const part of parts) value = part(context, value);
    }
    return value;
  };
}
