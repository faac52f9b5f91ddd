export { type InsertDropoutOptions, insertDropout } from './bayesian/insert-dropout.ts';
export { type McDropoutOptions, mcDropout, unpatch } from './bayesian/mc-dropout.ts';
export {
  type DifferentiatedGraph,
  type DifferentiateOptions,
  differentiate,
} from './differentiate.ts';
export * from './graph/graph.ts';
export { type AttributeValue, GraphBuilder } from './graph/graph-builder.ts';
export { readOnnx } from './graph/read-onnx.ts';
export { prune } from './graph/rewrite.ts';
export * from './graph/tensor-data.ts';
export { writeOnnx } from './graph/write-onnx.ts';
export {
  type OnnxEpigKernel,
  type OnnxEpigKernelOptions,
  onnxEpigKernel,
} from './heuristics/onnx-epig-kernel.ts';
export { batchNorm } from './layers/batch-norm.ts';
export { type Conv2dOptions, conv2d } from './layers/conv2d.ts';
export { dense } from './layers/dense.ts';
export type { Layer, LayerContext, LayerValue } from './layers/layer.ts';
export { dbalCnn, lenet, type MlpOptions, mlp, type NetworkOptions } from './layers/networks.ts';
export { averagePool2d, maxPool2d } from './layers/pool.ts';
export { type SequentialOptions, sequential } from './layers/sequential.ts';
export { dropout, flatten, relu, tanh } from './layers/simple.ts';
export {
  type BinaryCrossEntropyOptions,
  binaryCrossEntropyWithLogits,
} from './losses/binary-cross-entropy.ts';
export { type CrossEntropyOptions, crossEntropy } from './losses/cross-entropy.ts';
export { gaussianNll } from './losses/gaussian-nll.ts';
export { createLoss, type LossConfig } from './losses/get-loss.ts';
export type { Loss, LossOutput, Target } from './losses/loss.ts';
export { meanSquaredError } from './losses/mean-squared-error.ts';
export {
  createModel,
  type DropoutPosterior,
  type MaskSharing,
  type Model,
  type ModelSettings,
  parametersOf,
  withWeights,
} from './model.ts';
export { ModelWrapper } from './model-wrapper.ts';
export type { AdamConfig } from './optimizers/adam.ts';
export { createOptimizer, type OptimizerConfig } from './optimizers/create-optimizer.ts';
export type { Optimizer } from './optimizers/optimizer.ts';
export type { SgdConfig } from './optimizers/sgd.ts';
export { lastOperator, outputKind } from './output-kind.ts';
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
export type { TrainOnDatasetOptions } from './training/train-epochs.ts';
export type { TrainingArgs } from './training-args.ts';
