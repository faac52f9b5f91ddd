import { ConfigError, ShapeError } from '@baal/core';
import { sizeOf } from '../graph/tensor-data.ts';
import { checkGroups } from './convolution.ts';
import { checkCount, extentsOf, type Layer, perAxis } from './layer.ts';

/** Settings of {@link convTranspose1d} and {@link convTranspose2d}; one number for all axes, or one for each. */
export interface ConvTransposeOptions {
  /** Distance of neighbouring inputs in the output; 1 by default. */
  readonly stride?: number | readonly number[];
  /** Values cut off at both ends; 0 by default. */
  readonly padding?: number | readonly number[];
  /** Values added at the end, less than stride or dilation; 0 by default. */
  readonly outputPadding?: number | readonly number[];
  /** Distance of neighbours in the window; 1 by default. */
  readonly dilation?: number | readonly number[];
  /** Parts into which channels and filters are split, each on its own; 1 by default. */
  readonly groups?: number;
  /** Whether a bias is added; true by default. */
  readonly bias?: boolean;
}

/**
 * A transposed convolution over sequences `[C, L]`, to `[filters, L']` with
 * `L' = (L - 1) stride - 2 padding + dilation (kernel - 1) + outputPadding + 1`: each input value adds its
 * multiple of a window to the output. Weights `[C, filters / groups, kernel]`; weights and bias are uniform
 * within ±1/√(filters / groups · kernel), PyTorch's default.
 *
 * @throws ConfigError if a setting is out of range, or channels or filters do not divide into groups
 * @throws ShapeError if the input is not `[C, L]`, or nothing is left of the output
 */
export function convTranspose1d(
  filters: number,
  kernel: number,
  options: ConvTransposeOptions = {},
): Layer {
  return transposed('convTranspose1d', ['channels', 'length'], filters, [kernel], options);
}

/** A transposed convolution over images `[C, H, W]`; see {@link convTranspose1d}. */
export function convTranspose2d(
  filters: number,
  kernel: number | readonly number[],
  options: ConvTransposeOptions = {},
): Layer {
  const window = perAxis('convTranspose2d', 'kernel', kernel, 2, 1);
  return transposed('convTranspose2d', ['channels', 'height', 'width'], filters, window, options);
}

function transposed(
  where: string,
  axes: readonly string[],
  filters: number,
  kernel: readonly number[],
  options: ConvTransposeOptions,
): Layer {
  const rank = axes.length - 1;
  const { groups = 1, bias = true } = options;
  checkCount(where, 'filters', filters);
  checkCount(where, 'groups', groups);
  perAxis(where, 'kernel', kernel, rank, 1);
  const strides = perAxis(where, 'stride', options.stride ?? 1, rank, 1);
  const dilations = perAxis(where, 'dilation', options.dilation ?? 1, rank, 1);
  const padding = perAxis(where, 'padding', options.padding ?? 0, rank, 0);
  const added = perAxis(where, 'outputPadding', options.outputPadding ?? 0, rank, 0);
  added.forEach((values, i) => {
    const bound = Math.max(strides[i] as number, dilations[i] as number);
    if (values >= bound) {
      throw new ConfigError(
        `${where}: outputPadding is ${values}, expected less than stride or dilation, ${bound}`,
      );
    }
  });
  return (context, input) => {
    const [channels = 0, ...extents] = extentsOf(where, input, axes);
    checkGroups(where, groups, channels, filters);
    const at = (values: readonly number[], i: number): number => values[i] as number;
    const shape = extents.map(
      (extent, i) =>
        (extent - 1) * at(strides, i) -
        2 * at(padding, i) +
        at(dilations, i) * (at(kernel, i) - 1) +
        at(added, i) +
        1,
    );
    if (shape.some((extent) => extent < 1)) {
      throw new ShapeError(
        `${where}: the output of an input of ${extents.join(' x ')} would be ${shape.join(' x ')}, expected extents of at least 1; use less padding`,
      );
    }
    const scope = context.scope('convTranspose');
    const window = [filters / groups, ...kernel];
    const bound = 1 / Math.sqrt(sizeOf(window));
    const inputs = [input.name, context.uniform(`${scope}.weight`, [channels, ...window], bound)];
    if (bias) inputs.push(context.uniform(`${scope}.bias`, [filters], bound));
    const attributes = {
      kernel_shape: kernel,
      strides,
      dilations,
      pads: [...padding, ...padding],
      output_padding: added,
      group: groups,
    };
    const name = context.g.op('ConvTranspose', inputs, attributes, scope);
    return { name, shape: [filters, ...shape] };
  };
}
