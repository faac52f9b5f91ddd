import {
  celu,
  clip,
  elu,
  hardSigmoid,
  hardSwish,
  leakyRelu,
  pRelu,
  relu,
  selu,
  shrink,
  thresholdedRelu,
} from './activations.ts';
import { abs, add, div, mean, mod, mul, neg, pow, reciprocal, sqrt, sub } from './arithmetic.ts';
import { averagePool } from './average-pooling.ts';
import { col2Im } from './columns.ts';
import { convolution } from './convolution.ts';
import { gemm, matMul } from './dense.ts';
import { max, min } from './extrema.ts';
import {
  acos,
  acosh,
  asin,
  asinh,
  atan,
  atanh,
  cos,
  cosh,
  erf,
  exp,
  flat,
  gelu,
  log,
  mish,
  sigmoid,
  sin,
  sinh,
  softplus,
  softsign,
  tan,
  tanh,
} from './functions.ts';
import { gather, gatherElements } from './gathering.ts';
import type { GradientRule } from './gradient-rule.ts';
import { gru } from './gru.ts';
import { layerNormalization } from './layer-normalization.ts';
import { lstm } from './lstm.ts';
import { batchNormalization } from './normalization.ts';
import { globalAveragePool, globalMaxPool, maxPool } from './pooling.ts';
import {
  reduceExtremum,
  reduceL1,
  reduceL2,
  reduceLogSum,
  reduceLogSumExp,
  reduceMean,
  reduceProd,
  reduceSum,
  reduceSumSquare,
} from './reductions.ts';
import { resize } from './resizing.ts';
import { rnn } from './rnn.ts';
import { scatterElements, scatterNd } from './scatter-rules.ts';
import { cumSum, gatherNd, maxUnpool, reverseSequence, tile, topK, trilu } from './scattering.ts';
import { castRule, dropout, where } from './selection.ts';
import { expand, identity, reshaping, transpose } from './shape-operators.ts';
import { concat, pad, slice, split } from './slicing.ts';
import { logSoftmax, softmax } from './softmax.ts';
import { transposedConvolution } from './transposed-convolution.ts';

/** The gradient rule of each operator, by its ONNX name. */
export const gradientRules: ReadonlyMap<string, GradientRule> = new Map<string, GradientRule>([
  // Layers
  ['AveragePool', averagePool],
  ['BatchNormalization', batchNormalization],
  ['Conv', convolution],
  ['ConvTranspose', transposedConvolution],
  ['Dropout', dropout],
  ['Gemm', gemm],
  ['GRU', gru],
  ['GlobalAveragePool', globalAveragePool],
  ['GlobalMaxPool', globalMaxPool],
  ['LayerNormalization', layerNormalization],
  ['LSTM', lstm],
  ['MatMul', matMul],
  ['MaxPool', maxPool],
  ['MaxUnpool', maxUnpool],
  ['RNN', rnn],
  ['Resize', resize],
  // Arithmetic
  ['Abs', abs],
  ['Add', add],
  ['Div', div],
  ['Max', max],
  ['Mean', mean],
  ['Min', min],
  ['Mod', mod],
  ['Mul', mul],
  ['Neg', neg],
  ['Pow', pow],
  ['Reciprocal', reciprocal],
  ['Sqrt', sqrt],
  ['Sub', sub],
  ['Sum', add],
  // Functions
  ['Acos', acos],
  ['Acosh', acosh],
  ['Asin', asin],
  ['Asinh', asinh],
  ['Atan', atan],
  ['Atanh', atanh],
  ['Bernoulli', flat],
  ['Ceil', flat],
  ['Cos', cos],
  ['Cosh', cosh],
  ['Erf', erf],
  ['Exp', exp],
  ['EyeLike', flat],
  ['Floor', flat],
  ['Hardmax', flat],
  ['Log', log],
  ['RandomNormalLike', flat],
  ['RandomUniformLike', flat],
  ['Round', flat],
  ['Sign', flat],
  ['Sin', sin],
  ['Sinh', sinh],
  ['Tan', tan],
  // Activations
  ['Celu', celu],
  ['Clip', clip],
  ['Elu', elu],
  ['Gelu', gelu],
  ['HardSigmoid', hardSigmoid],
  ['HardSwish', hardSwish],
  ['LeakyRelu', leakyRelu],
  ['LogSoftmax', logSoftmax],
  ['Mish', mish],
  ['PRelu', pRelu],
  ['Relu', relu],
  ['Selu', selu],
  ['Shrink', shrink],
  ['Sigmoid', sigmoid],
  ['Softmax', softmax],
  ['Softplus', softplus],
  ['Softsign', softsign],
  ['Tanh', tanh],
  ['ThresholdedRelu', thresholdedRelu],
  // Reductions
  ['ReduceL1', reduceL1],
  ['ReduceL2', reduceL2],
  ['ReduceLogSum', reduceLogSum],
  ['ReduceLogSumExp', reduceLogSumExp],
  ['ReduceMax', reduceExtremum],
  ['ReduceMean', reduceMean],
  ['ReduceMin', reduceExtremum],
  ['ReduceProd', reduceProd],
  ['ReduceSum', reduceSum],
  ['ReduceSumSquare', reduceSumSquare],
  // Shapes and parts
  ['Cast', castRule],
  ['Col2Im', col2Im],
  ['Concat', concat],
  ['CumSum', cumSum],
  ['Expand', expand],
  ['Flatten', reshaping],
  ['Gather', gather],
  ['GatherElements', gatherElements],
  ['GatherND', gatherNd],
  ['Identity', identity],
  ['Pad', pad],
  ['Reshape', reshaping],
  ['ReverseSequence', reverseSequence],
  ['ScatterElements', scatterElements],
  ['ScatterND', scatterNd],
  ['Slice', slice],
  ['Split', split],
  ['Squeeze', reshaping],
  ['Tile', tile],
  ['TopK', topK],
  ['Transpose', transpose],
  ['Trilu', trilu],
  ['Unsqueeze', reshaping],
  ['Where', where],
]);
