import { biasGelu, fastGelu, fusedGelu, quickGelu } from './lowered-activations.ts';
import { fusedAttention, multiHeadAttention } from './lowered-attention.ts';
import { einsum } from './lowered-einsum.ts';
import {
  embedLayerNormalization,
  simplifiedLayerNormalization,
  skipLayerNormalization,
  skipSimplifiedLayerNormalization,
} from './lowered-embedding.ts';
import {
  groupNormalization,
  instanceNormalization,
  localResponseNormalization,
  lpNormalization,
} from './lowered-normalization.ts';
import { fusedConv, fusedGemm, fusedMatMul } from './lowered-products.ts';
import { castLike, depthToSpace, spaceToDepth } from './lowered-shapes.ts';
import type { Lowering } from './lowering.ts';

/** Operators that become others before a graph is differentiated, by their ONNX name. */
export const lowerings: ReadonlyMap<string, Lowering> = new Map<string, Lowering>([
  ['CastLike', castLike],
  ['DepthToSpace', depthToSpace],
  ['Einsum', einsum],
  ['GroupNormalization', groupNormalization],
  ['InstanceNormalization', instanceNormalization],
  ['LRN', localResponseNormalization],
  ['LpNormalization', lpNormalization],
  ['SimplifiedLayerNormalization', simplifiedLayerNormalization],
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
