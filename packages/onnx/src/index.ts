export { type InsertDropoutOptions, insertDropout } from './bayesian/insert-dropout.ts';
export { hasDropout, type McDropoutOptions, mcDropout, unpatch } from './bayesian/mc-dropout.ts';
export {
  type DifferentiatedGraph,
  type DifferentiateOptions,
  differentiate,
} from './differentiate.ts';
export type { ExternalDataReader } from './graph/external-data.ts';
export * from './graph/graph.ts';
export { type AttributeValue, GraphBuilder } from './graph/graph-builder.ts';
export { type ReadOnnxOptions, readOnnx } from './graph/read-onnx.ts';
export { prune } from './graph/rewrite.ts';
export * from './graph/tensor-data.ts';
export { isHalf, toFloat32 } from './graph/to-float32.ts';
export { type ExternalModel, writeOnnx, writeOnnxExternal } from './graph/write-onnx.ts';
export {
  type OnnxEpigKernel,
  type OnnxEpigKernelOptions,
  onnxEpigKernel,
} from './heuristics/onnx-epig-kernel.ts';
export { type AttentionOptions, multiHeadAttention } from './layers/attention.ts';
export { batchNorm } from './layers/batch-norm.ts';
export { chain, concat, denseBlock, residual } from './layers/blocks.ts';
export { type ConvOptions, conv1d, conv2d } from './layers/convolution.ts';
export { dense } from './layers/dense.ts';
export { type EmbeddingOptions, embedding, positionEmbedding } from './layers/embedding.ts';
export type { Layer, LayerContext, LayerValue } from './layers/layer.ts';
export { dbalCnn, lenet, type MlpOptions, mlp, type NetworkOptions } from './layers/networks.ts';
export { groupNorm, layerNorm, type NormOptions } from './layers/normalization.ts';
export {
  averagePool1d,
  averagePool2d,
  globalAveragePool,
  globalMaxPool,
  maxPool1d,
  maxPool2d,
  type PoolOptions,
} from './layers/pool.ts';
export { gru, lstm, type RecurrentOptions } from './layers/recurrent.ts';
export { type ResnetOptions, resnet } from './layers/residual-network.ts';
export { firstToken, meanOverTokens, projection } from './layers/sequence.ts';
export { type SequentialOptions, sequential } from './layers/sequential.ts';
export {
  dropout,
  elu,
  flatten,
  gelu,
  leakyRelu,
  relu,
  sigmoid,
  silu,
  spatialDropout,
  tanh,
} from './layers/simple.ts';
export { type TransformerOptions, transformerEncoder } from './layers/transformer-encoder.ts';
export {
  type ConvTransposeOptions,
  convTranspose1d,
  convTranspose2d,
} from './layers/transposed-convolution.ts';
export { type UnetOptions, unet } from './layers/unet.ts';
export {
  type BinaryCrossEntropyOptions,
  binaryCrossEntropyWithLogits,
} from './losses/binary-cross-entropy.ts';
export { type CrossEntropyOptions, crossEntropy } from './losses/cross-entropy.ts';
export { gaussianNll } from './losses/gaussian-nll.ts';
export { createLoss, type LossConfig } from './losses/get-loss.ts';
export { type GraphLossOptions, graphLoss } from './losses/graph-loss.ts';
export { type HuberOptions, huber } from './losses/huber.ts';
export type { Loss, LossOutput, Target } from './losses/loss.ts';
export { meanAbsoluteError } from './losses/mean-absolute-error.ts';
export { meanSquaredError } from './losses/mean-squared-error.ts';
export { type PenaltyConfig, penalties, type Regularizer } from './losses/regularizer.ts';
export {
  createModel,
  type DropoutPosterior,
  freeze,
  type MaskSharing,
  type Model,
  type ModelSettings,
  parametersOf,
  withWeights,
} from './model.ts';
export { ModelWrapper } from './model-wrapper.ts';
export { matchNames, type NamePattern } from './name-pattern.ts';
export type { AdamConfig } from './optimizers/adam.ts';
export type { ClippingConfig } from './optimizers/clipping.ts';
export { createOptimizer, type OptimizerConfig } from './optimizers/create-optimizer.ts';
export type { Optimizer } from './optimizers/optimizer.ts';
export {
  type CosineSchedule,
  checkSchedule,
  type ProductSchedule,
  type ScheduleConfig,
  type ScheduleUnit,
  type SequenceSchedule,
  type StepSchedule,
  scheduleFactor,
  type TrainingProgress,
  type WarmUpSchedule,
} from './optimizers/schedule.ts';
export type { SgdConfig } from './optimizers/sgd.ts';
export {
  type LearningRateGroup,
  trainingOptimizer,
  type UpdateSettings,
} from './optimizers/training-optimizer.ts';
export { lastOperator, outputKind } from './output-kind.ts';
export { classesFirst } from './prediction/classes-first.ts';
export { type BatchPrediction, Predictor, type PredictorSettings } from './prediction/predictor.ts';
export { type ReinitializedLayers, reinitialize } from './reinitialize.ts';
export {
  type ExecutionProvider,
  loadOnnxRuntime,
  type OnnxRuntime,
  type OnnxRuntimeOptions,
} from './runtime/onnx-runtime.ts';
export { openSession, type SessionSettings } from './runtime/session.ts';
export { type InputShapes, type Trace, type TracedValue, traceGraph } from './runtime/trace.ts';
export type { TrainAndTestOptions, TrainAndTestResult } from './train-and-test.ts';
export type { PrefixCacheFigures, PrefixCacheSettings } from './training/prefix-cache.ts';
export type { TrainOnDatasetOptions } from './training/train-epochs.ts';
export type { TrainingArgs } from './training-args.ts';
