import { ConfigError, ShapeError } from '@baal/core';
import { batchNorm } from './batch-norm.ts';
import { conv2d } from './convolution.ts';
import { checkCount, type Layer, type LayerValue } from './layer.ts';
import { relu } from './simple.ts';

/** Layers one after the other as one layer. */
export function chain(layers: readonly Layer[]): Layer {
  return (context, input) => layers.reduce((value, layer) => layer(context, value), input);
}

/**
 * The sum of what layers make of the input and of the input itself, or of what a shortcut makes of it.
 *
 * @param shortcut layers for the second term; none by default
 * @throws ShapeError if the two have different shapes
 * @see He et al. 2016, Deep Residual Learning for Image Recognition
 */
export function residual(layers: readonly Layer[], shortcut: readonly Layer[] = []): Layer {
  return (context, input) => {
    const value = chain(layers)(context, input);
    const other = chain(shortcut)(context, input);
    if (value.shape.join() !== other.shape.join()) {
      throw new ShapeError(
        `residual: the layers make [${value.shape.join(', ')}] and the shortcut [${other.shape.join(', ')}], expected equal shapes; give a shortcut that changes the shape as the layers do`,
      );
    }
    const name = context.g.op('Add', [value.name, other.name], {}, context.scope('residual'));
    return { ...value, name };
  };
}

/**
 * What several branches make of one input, side by side along the first axis (channels).
 *
 * @throws ShapeError if the results differ in more than their first axis
 */
export function concat(branches: readonly (readonly Layer[])[]): Layer {
  if (branches.length === 0) {
    throw new ConfigError('concat: no branches given, expected at least 1');
  }
  return (context, input) => {
    const values = branches.map((layers) => chain(layers)(context, input));
    const [first] = values as [LayerValue];
    const wrong = values.find(({ shape }) => shape.slice(1).join() !== first.shape.slice(1).join());
    if (wrong !== undefined) {
      throw new ShapeError(
        `concat: branches make [${first.shape.join(', ')}] and [${wrong.shape.join(', ')}], expected shapes that differ in the first axis only`,
      );
    }
    const channels = values.reduce((sum, { shape }) => sum + (shape[0] ?? 0), 0);
    const names = values.map(({ name }) => name);
    const name = context.g.op('Concat', names, { axis: 1 }, context.scope('concat'));
    return { name, shape: [channels, ...first.shape.slice(1)] };
  };
}

/**
 * A dense block over images `[C, H, W]`: `layers` times batch normalisation, ReLU and a 3x3 convolution of
 * `growth` filters, each of which sees the input and the results of all before: `[C + layers growth, H, W]`.
 *
 * @throws ShapeError if the input is not `[C, H, W]`
 * @see Huang et al. 2017, Densely Connected Convolutional Networks
 */
export function denseBlock(layers: number, growth: number): Layer {
  checkCount('denseBlock', 'layers', layers);
  const step = [batchNorm(), relu(), conv2d(growth, 3, { padding: 1, bias: false })];
  return chain(Array.from({ length: layers }, () => concat([[], step])));
}
