import { ShapeError } from '@baal/core';
import type { Layer } from './layer.ts';

/** Settings of {@link conv2d}. */
export interface Conv2dOptions {
  /** Step in both directions; 1 by default. */
  readonly stride?: number;
  /** Zeros added on all four sides; 0 by default. */
  readonly padding?: number;
  /** Whether a bias is added; true by default. */
  readonly bias?: boolean;
}

/**
 * A convolution over images `[C, H, W]`: `filters` windows of `kernel` x `kernel`. Initialised as
 * PyTorch does: uniform within ±1/√(C·kernel²).
 *
 * @throws ShapeError if the input is not `[C, H, W]` or smaller than the window.
 */
export function conv2d(filters: number, kernel: number, options: Conv2dOptions = {}): Layer {
  const { stride = 1, padding = 0, bias = true } = options;
  return (context, input) => {
    const [channels, height, width] = input.shape;
    if (
      channels === undefined ||
      height === undefined ||
      width === undefined ||
      input.shape.length !== 3
    ) {
      throw new ShapeError(
        `conv2d: input has shape [${input.shape.join(', ')}], expected [channels, height, width]`,
      );
    }
    const extent = (size: number): number => Math.floor((size + 2 * padding - kernel) / stride) + 1;
    if (extent(height) < 1 || extent(width) < 1) {
      throw new ShapeError(
        `conv2d: image of ${height} x ${width} is smaller than the window, expected at least ${kernel} x ${kernel} with padding ${padding}`,
      );
    }
    const scope = context.scope('conv');
    const bound = 1 / Math.sqrt(channels * kernel * kernel);
    const inputs = [
      input.name,
      context.uniform(`${scope}.weight`, [filters, channels, kernel, kernel], bound),
    ];
    if (bias) inputs.push(context.uniform(`${scope}.bias`, [filters], bound));
    const name = context.g.op(
      'Conv',
      inputs,
      {
        kernel_shape: [kernel, kernel],
        strides: [stride, stride],
        pads: [padding, padding, padding, padding],
      },
      scope,
    );
    return { name, shape: [filters, extent(height), extent(width)] };
  };
}
