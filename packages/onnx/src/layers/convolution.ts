import { ConfigError, ShapeError } from '@baal/core';
import { sizeOf } from '../graph/tensor-data.ts';
import { checkCount, extentsOf, type Layer, perAxis } from './layer.ts';

/** Settings of {@link conv1d} and {@link conv2d}; one number for all axes, or one for each. */
export interface ConvOptions {
  /** Step of the window; 1 by default. */
  readonly stride?: number | readonly number[];
  /** Zeros added at both ends; 0 by default. `same`: as many as keep the extent, for stride 1. */
  readonly padding?: number | readonly number[] | 'same';
  /** Distance of neighbours in the window; 1 by default. */
  readonly dilation?: number | readonly number[];
  /** Parts into which channels and filters are split, each convolved on its own; 1 by default. */
  readonly groups?: number;
  /** Whether a bias is added; true by default. */
  readonly bias?: boolean;
}

/**
 * A convolution over sequences `[C, L]`: `filters` windows of `kernel` values; the result is
 * `[filters, L']` with `L' = floor((L + 2 padding - dilation (kernel - 1) - 1) / stride) + 1`. Weights
 * `[filters, C / groups, kernel]`; weights and bias are uniform within ±1/√(C / groups · kernel), PyTorch's
 * default.
 *
 * @throws ConfigError if a setting is out of range, or channels or filters do not divide into groups
 * @throws ShapeError if the input is not `[C, L]` or shorter than the window
 */
export function conv1d(filters: number, kernel: number, options: ConvOptions = {}): Layer {
  return convolution('conv1d', ['channels', 'length'], filters, [kernel], options);
}

/**
 * A convolution over images `[C, H, W]`: `filters` windows of `kernel` x `kernel`, or of two extents; see
 * {@link conv1d}. Weights `[filters, C / groups, kernel, kernel]`, uniform within ±1/√(values of a window).
 *
 * @throws ConfigError if a setting is out of range, or channels or filters do not divide into groups
 * @throws ShapeError if the input is not `[C, H, W]` or smaller than the window
 */
export function conv2d(
  filters: number,
  kernel: number | readonly number[],
  options: ConvOptions = {},
): Layer {
  const window = perAxis('conv2d', 'kernel', kernel, 2, 1);
  return convolution('conv2d', ['channels', 'height', 'width'], filters, window, options);
}

function convolution(
  where: string,
  axes: readonly string[],
  filters: number,
  kernel: readonly number[],
  options: ConvOptions,
): Layer {
  const rank = axes.length - 1;
  const { padding = 0, groups = 1, bias = true } = options;
  checkCount(where, 'filters', filters);
  checkCount(where, 'groups', groups);
  perAxis(where, 'kernel', kernel, rank, 1);
  const strides = perAxis(where, 'stride', options.stride ?? 1, rank, 1);
  const dilations = perAxis(where, 'dilation', options.dilation ?? 1, rank, 1);
  const spans = kernel.map((extent, i) => (dilations[i] as number) * (extent - 1) + 1);
  if (padding === 'same' && strides.some((stride) => stride !== 1)) {
    throw new ConfigError(`${where}: padding is "same", expected stride 1, got ${strides.join()}`);
  }
  const total =
    padding === 'same'
      ? spans.map((span) => span - 1)
      : perAxis(where, 'padding', padding, rank, 0).map((zeros) => 2 * zeros);
  return (context, input) => {
    const [channels = 0, ...extents] = extentsOf(where, input, axes);
    checkGroups(where, groups, channels, filters);
    const shape = extents.map((extent, i) => {
      const padded = extent + (total[i] as number);
      return Math.floor((padded - (spans[i] as number)) / (strides[i] as number)) + 1;
    });
    if (shape.some((extent) => extent < 1)) {
      throw new ShapeError(
        `${where}: input of ${extents.join(' x ')} is smaller than the window, expected at least ${spans.join(' x ')} with padding ${JSON.stringify(padding)}`,
      );
    }
    const scope = context.scope('conv');
    const window = [channels / groups, ...kernel];
    const bound = 1 / Math.sqrt(sizeOf(window));
    const inputs = [input.name, context.uniform(`${scope}.weight`, [filters, ...window], bound)];
    if (bias) inputs.push(context.uniform(`${scope}.bias`, [filters], bound));
    const begin = total.map((zeros) => Math.floor(zeros / 2));
    const end = total.map((zeros, i) => zeros - (begin[i] as number));
    const attributes = {
      kernel_shape: kernel,
      strides,
      dilations,
      pads: [...begin, ...end],
      group: groups,
    };
    const name = context.g.op('Conv', inputs, attributes, scope);
    return { name, shape: [filters, ...shape] };
  };
}

/** @throws ConfigError unless channels and filters divide into the groups */
export function checkGroups(
  where: string,
  groups: number,
  channels: number,
  filters: number,
): void {
  if (channels % groups !== 0 || filters % groups !== 0) {
    throw new ConfigError(
      `${where}: ${channels} channels and ${filters} filters do not divide into ${groups} groups, expected multiples of it`,
    );
  }
}
