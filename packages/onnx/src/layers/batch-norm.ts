import type { Layer } from './layer.ts';

/**
 * Batch normalisation over channels (axis 1): batch statistics in training, running ones at
 * prediction. `momentum` is the share of the old running statistics that is kept (ONNX's meaning; 1
 * minus PyTorch's).
 */
export function batchNorm(momentum = 0.9, epsilon = 1e-5): Layer {
  return (context, input) => {
    const scope = context.scope('batchNorm');
    const channels = [input.shape[0] as number];
    const name = context.g.op(
      'BatchNormalization',
      [
        input.name,
        context.constant(`${scope}.weight`, channels, 1),
        context.constant(`${scope}.bias`, channels, 0),
        context.constant(`${scope}.running_mean`, channels, 0),
        context.constant(`${scope}.running_var`, channels, 1),
      ],
      { momentum: { float: momentum }, epsilon: { float: epsilon } },
      scope,
    );
    return { ...input, name };
  };
}
