import { ConfigError, ShapeError } from '@baal/core';
import { extentsOf, type Layer, perAxis } from './layer.ts';

/** Settings of pooling; one number for all axes, or one for each. */
export interface PoolOptions {
  /** Step of the window; its own extent by default: windows side by side. */
  readonly stride?: number | readonly number[];
  /** Positions added at both ends, at most half the window; 0 by default. */
  readonly padding?: number | readonly number[];
}

const axesOf: readonly (readonly string[])[] = [
  [],
  ['channels', 'length'],
  ['channels', 'height', 'width'],
];

function pool(
  opType: 'MaxPool' | 'AveragePool',
  where: string,
  rank: number,
  size: number | readonly number[],
  options: PoolOptions,
): Layer {
  const window = perAxis(where, 'size', size, rank, 1);
  const strides = perAxis(where, 'stride', options.stride ?? window, rank, 1);
  const padding = perAxis(where, 'padding', options.padding ?? 0, rank, 0);
  padding.forEach((added, i) => {
    if (2 * added > (window[i] as number)) {
      throw new ConfigError(
        `${where}: padding is ${added}, expected at most half the window of ${window[i]}`,
      );
    }
  });
  return (context, input) => {
    const [channels = 0, ...extents] = extentsOf(where, input, axesOf[rank] as readonly string[]);
    const shape = extents.map((extent, i) => {
      const padded = extent + 2 * (padding[i] as number);
      return Math.floor((padded - (window[i] as number)) / (strides[i] as number)) + 1;
    });
    if (shape.some((extent) => extent < 1)) {
      throw new ShapeError(
        `${where}: input of ${extents.join(' x ')} is smaller than the window, expected at least ${window.join(' x ')}`,
      );
    }
    const attributes = {
      kernel_shape: window,
      strides,
      pads: [...padding, ...padding],
      ...(opType === 'AveragePool' ? { count_include_pad: 1 } : {}),
    };
    const name = context.g.op(opType, [input.name], attributes, context.scope(where));
    return { name, shape: [channels, ...shape] };
  };
}

/** The maximum of each window of a sequence `[C, L]`; padding never wins. */
export function maxPool1d(size: number, options: PoolOptions = {}): Layer {
  return pool('MaxPool', 'maxPool1d', 1, size, options);
}

/** The maximum of each `size` x `size` window of an image `[C, H, W]`; padding never wins. */
export function maxPool2d(size: number | readonly number[], options: PoolOptions = {}): Layer {
  return pool('MaxPool', 'maxPool2d', 2, size, options);
}

/** The mean of each window of a sequence `[C, L]`; padding counts as zeros, as in PyTorch. */
export function averagePool1d(size: number, options: PoolOptions = {}): Layer {
  return pool('AveragePool', 'averagePool1d', 1, size, options);
}

/** The mean of each `size` x `size` window of an image `[C, H, W]`; padding counts as zeros, as in PyTorch. */
export function averagePool2d(size: number | readonly number[], options: PoolOptions = {}): Layer {
  return pool('AveragePool', 'averagePool2d', 2, size, options);
}

function globalPool(opType: 'GlobalMaxPool' | 'GlobalAveragePool', where: string): Layer {
  return (context, input) => {
    const [channels, ...extents] = input.shape;
    if (channels === undefined || extents.length === 0) {
      throw new ShapeError(
        `${where}: input has shape [${input.shape.join(', ')}], expected [channels, length] or [channels, height, width]`,
      );
    }
    const pooled = context.g.op(opType, [input.name], {}, context.scope(where));
    return { name: context.g.op('Flatten', [pooled], { axis: 1 }), shape: [channels] };
  };
}

/** The maximum of each channel of a sequence or an image: a vector `[C]`. */
export function globalMaxPool(): Layer {
  return globalPool('GlobalMaxPool', 'globalMaxPool');
}

/** The mean of each channel of a sequence or an image: a vector `[C]`. */
export function globalAveragePool(): Layer {
  return globalPool('GlobalAveragePool', 'globalAveragePool');
}
