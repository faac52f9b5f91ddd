import { ShapeError } from '@baal/core';
import { batchNorm } from './batch-norm.ts';
import { chain, concat } from './blocks.ts';
import { conv2d } from './convolution.ts';
import { checkCount, extentsOf, type Layer } from './layer.ts';
import { maxPool2d } from './pool.ts';
import { dropout, relu } from './simple.ts';
import { convTranspose2d } from './transposed-convolution.ts';

/** Settings of {@link unet}. */
export interface UnetOptions {
  /** Filters at full size and at each half of it; `[64, 128, 256, 512, 1024]` by default, as published. */
  readonly filters?: readonly number[];
  /** Dropout rate at the smallest size; 0.5 by default, 0 for none. */
  readonly dropout?: number;
}

/**
 * A U-Net over images `[C, H, W]`: at each size two 3x3 convolutions, each with batch normalisation and ReLU;
 * down by 2x2 max pooling, up by 2x2 transposed convolutions, beside what was there on the way down. The
 * result is `[filters[0], H, W]`; a 1x1 convolution behind it makes classes of it. Convolutions are padded,
 * so that the image keeps its size.
 *
 * @throws ShapeError unless height and width are multiples of 2 to the number of halvings
 * @see Ronneberger, Fischer and Brox 2015, U-Net
 */
export function unet(options: UnetOptions = {}): Layer {
  const { filters = [64, 128, 256, 512, 1024], dropout: rate = 0.5 } = options;
  checkCount('unet', 'number of sizes', filters.length);
  return (context, input) => {
    const [, height = 0, width = 0] = extentsOf('unet', input, ['channels', 'height', 'width']);
    const multiple = 2 ** (filters.length - 1);
    if (height % multiple !== 0 || width % multiple !== 0) {
      throw new ShapeError(
        `unet: image of ${height} x ${width} cannot be halved ${filters.length - 1} times, expected multiples of ${multiple}`,
      );
    }
    return level(filters, rate)(context, input);
  };
}

/** One size with all smaller ones inside. */
function level([own = 0, ...smaller]: readonly number[], rate: number): Layer {
  if (smaller.length === 0) return chain([...block(own), ...(rate === 0 ? [] : [dropout(rate)])]);
  const inside = [maxPool2d(2), level(smaller, rate), convTranspose2d(own, 2, { stride: 2 })];
  return chain([...block(own), concat([[], inside]), ...block(own)]);
}

function block(filters: number): Layer[] {
  const part = [conv2d(filters, 3, { padding: 1, bias: false }), batchNorm(), relu()];
  return [...part, ...part];
}
