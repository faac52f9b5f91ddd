import { ConfigError, type PredictionKind, type Rng } from '@baal/core';
import { GraphBuilder } from '../graph/graph-builder.ts';
import { createModel, type Model, parametersOf } from '../model.ts';
import { type Layer, type LayerValue, layerContext } from './layer.ts';

/** Settings of {@link sequential}. */
export interface SequentialOptions {
  /** Extents of the input without the batch axis, e.g. `[1, 28, 28]`. */
  readonly inputShape: readonly number[];
  /** Layers from input to output. */
  readonly layers: readonly Layer[];
  /** Stream for the initial weights; each weight has its own child by name. */
  readonly rng: Rng;
  /** Element type of the input: `int64` for the numbers of tokens; `float32` by default. */
  readonly inputType?: 'float32' | 'int64';
  /** What the output means; `logits` by default. */
  readonly kind?: PredictionKind;
}

/**
 * A network of layers one after the other; input `input`, output `output`, any batch size.
 *
 * @throws ConfigError if there are no layers or the input shape is not of positive integers.
 * @throws ShapeError from a layer that its input does not fit.
 */
export function sequential(options: SequentialOptions): Model {
  const { inputShape, layers, rng, kind = 'logits', inputType = 'float32' } = options;
  if (inputShape.some((extent) => !Number.isInteger(extent) || extent < 1)) {
    throw new ConfigError(
      `sequential: inputShape is [${inputShape.join(', ')}], expected positive integers`,
    );
  }
  if (layers.length === 0)
    throw new ConfigError('sequential: no layers given, expected at least 1');
  const g = new GraphBuilder(undefined, 'sequential');
  const context = layerContext(g, rng);
  g.input({ name: 'input', type: inputType, shape: ['batch', ...inputShape] });
  let value: LayerValue = { name: 'input', shape: inputShape };
  for (const layer of layers) value = layer(context, value);
  const output = g.fresh('output');
  g.node({
    name: '',
    opType: 'Identity',
    domain: '',
    inputs: [value.name],
    outputs: [output],
    attributes: {},
  });
  g.output(output, { type: 'float32', shape: ['batch', ...value.shape] });
  const graph = g.build();
  const trainable = parametersOf(graph).filter((name) => !context.buffers.has(name));
  return createModel(graph, { kind, trainable });
}
