import { ShapeError } from '@baal/core';
import type { Layer } from './layer.ts';

function pool(opType: 'MaxPool' | 'AveragePool', kind: string, size: number): Layer {
  return (context, input) => {
    const [channels, height, width] = input.shape;
    if (
      channels === undefined ||
      height === undefined ||
      width === undefined ||
      input.shape.length !== 3
    ) {
      throw new ShapeError(
        `${kind}: input has shape [${input.shape.join(', ')}], expected [channels, height, width]`,
      );
    }
    if (height < size || width < size) {
      throw new ShapeError(
        `${kind}: image of ${height} x ${width} is smaller than the window, expected at least ${size} x ${size}`,
      );
    }
    const name = context.g.op(
      opType,
      [input.name],
      { kernel_shape: [size, size], strides: [size, size] },
      context.scope(kind),
    );
    return { name, shape: [channels, Math.floor(height / size), Math.floor(width / size)] };
  };
}

/** The maximum of each `size` x `size` window, windows side by side. */
export function maxPool2d(size: number): Layer {
  return pool('MaxPool', 'maxPool2d', size);
}

/** The mean of each `size` x `size` window, windows side by side. */
export function averagePool2d(size: number): Layer {
  return pool('AveragePool', 'averagePool2d', size);
}
