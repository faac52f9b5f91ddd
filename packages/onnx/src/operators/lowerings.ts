import { biasGelu, fastGelu, fusedGelu, quickGelu } from './lowered-activations.ts';
import { fusedAttention, multiHeadAttention } from './lowered-attention.ts';
import { einsum } from './lowered-einsum.ts';
import {
  embedLayerNormalization,
  simplifiedLayerNormalization,
  skipLayerNormalization,
  skipSimplifiedLayerNormalization,
} from './lowered-embedding.ts';
import { affineGrid, gridSample } from './lowered-grid.ts';
import { negativeLogLikelihoodLoss, softmaxCrossEntropyLoss } from './lowered-losses.ts';
import {
  groupNormalization,
  instanceNormalization,
  localResponseNormalization,
  lpNormalization,
  meanVarianceNormalization,
} from './lowered-normalization.ts';
import { globalLpPool, lpPool } from './lowered-pooling.ts';
import { fusedConv, fusedGemm, fusedMatMul } from './lowered-products.ts';
import { castLike, compress, depthToSpace, spaceToDepth } from './lowered-shapes.ts';
import type { Lowering } from './lowering.ts';

/** Operators that become others before a graph is differentiated, by their ONNX name. */
export const lowerings: ReadonlyMap<string, Lowering> = new Map<string, Lowering>([
  ['AffineGrid', affineGrid],
  ['CastLike', castLike],
  ['Compress', compress],
  ['DepthToSpace', depthToSpace],
  ['Einsum', einsum],
  ['GlobalLpPool', globalLpPool],
  ['GridSample', gridSample],
  ['GroupNormalization', groupNormalization],
  ['InstanceNormalization', instanceNormalization],
  ['LRN', localResponseNormalization],
  ['LpNormalization', lpNormalization],
  ['LpPool', lpPool],
  ['MeanVarianceNormalization', meanVarianceNormalization],
  ['NegativeLogLikelihoodLoss', negativeLogLikelihoodLoss],
  ['SimplifiedLayerNormalization', simplifiedLayerNormalization],
  ['SoftmaxCrossEntropyLoss', softmaxCrossEntropyLoss],
  ['SpaceToDepth', spaceToDepth],
  // What ONNX Runtime's and Optimum's optimisers fuse
  ['com.microsoft.Attention', fusedAttention],
  ['com.microsoft.BiasGelu', biasGelu],
  ['com.microsoft.EmbedLayerNormalization', embedLayerNormalization],
  ['com.microsoft.FastGelu', fastGelu],
  ['com.microsoft.FusedConv', fusedConv],
  ['com.microsoft.FusedGemm', fusedGemm],
  ['com.microsoft.FusedMatMul', fusedMatMul],
  ['com.microsoft.Gelu', fusedGelu],
  ['com.microsoft.MultiHeadAttention', multiHeadAttention],
  ['com.microsoft.QuickGelu', quickGelu],
  ['com.microsoft.SkipLayerNormalization', skipLayerNormalization],
  ['com.microsoft.SkipSimplifiedLayerNormalization', skipSimplifiedLayerNormalization],
]);
