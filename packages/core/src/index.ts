export type {
  CalibrationMethod,
  Calibrator,
  ClassScores,
  FitReport,
} from './calibration/calibrator.ts';
export { type CrossFitOptions, type CrossFitted, crossFit } from './calibration/cross-fit.ts';
export {
  type DirichletCalibrationOptions,
  dirichletCalibration,
} from './calibration/dirichlet-calibration.ts';
export {
  type IsotonicCalibrator,
  type IsotonicFunction,
  isotonicCalibration,
  isotonicRegression,
  isotonicValue,
} from './calibration/isotonic-calibration.ts';
export type { FloorOptions } from './calibration/log-scores.ts';
export {
  type MatrixCalibrator,
  type MatrixScalingOptions,
  matrixScaling,
} from './calibration/matrix-scaling.ts';
export {
  type TemperatureCalibrator,
  type TemperatureScalingOptions,
  temperatureScaling,
} from './calibration/temperature-scaling.ts';
export {
  type ScalingOptions,
  type VectorCalibrator,
  vectorScaling,
} from './calibration/vector-scaling.ts';
export { ActiveLearningDataset } from './data/active-learning-dataset.ts';
export type {
  ActiveLearningDatasetOptions,
  ActiveLearningDatasetState,
} from './data/active-learning-options.ts';
export { arrayDataset } from './data/array-dataset.ts';
export type { ClassLabel } from './data/balanced.ts';
export type { ByteStore } from './data/byte-store.ts';
export type { Dataset, ExampleId, PoolIndex } from './data/dataset.ts';
export type { DatasetWarning } from './data/dataset-warning.ts';
export type { Example, NdArray, NumericArray } from './data/example.ts';
export type { GivenLabel } from './data/label-store.ts';
export type { Pool, PoolSelection } from './data/pool.ts';
export { poolIndex } from './data/positions.ts';
export { decodeSafetensors, encodeSafetensors, type SafetensorsFile } from './data/safetensors.ts';
export { subset } from './data/subset.ts';
export * from './errors.ts';
export { bald, type ReductionOptions } from './heuristics/bald.ts';
export { type BatchBaldOptions, batchBald } from './heuristics/batch-bald.ts';
export { type BestItem, BestItems } from './heuristics/best-items.ts';
export { certainty, leastConfidence } from './heuristics/certainty.ts';
export {
  type ColdStartOptions,
  type ColdStartUntil,
  coldStart,
} from './heuristics/cold-start.ts';
export {
  type CombineOptions,
  combineHeuristics,
  combineScores,
  SCALES,
  type WeightedHeuristic,
} from './heuristics/combine-heuristics.ts';
export {
  defineHeuristic,
  type HeuristicDefinition,
  type ScoreChunk,
} from './heuristics/define-heuristic.ts';
export { badge } from './heuristics/diversity/badge.ts';
export { coreSet } from './heuristics/diversity/core-set.ts';
export type { Features } from './heuristics/diversity/features.ts';
export { lcmd } from './heuristics/diversity/lcmd.ts';
export { type MaxDetOptions, maxDet } from './heuristics/diversity/max-det.ts';
export { type ProbCoverOptions, probCover } from './heuristics/diversity/prob-cover.ts';
export { type TypiClustOptions, typiClust } from './heuristics/diversity/typi-clust.ts';
export { entropy } from './heuristics/entropy.ts';
export { type EpigOptions, epig } from './heuristics/epig.ts';
export type { EpigKernel, EpigTargets } from './heuristics/epig-kernel.ts';
export {
  type GetHeuristicOptions,
  getHeuristic,
  HEURISTIC_DEFAULTS,
  HEURISTIC_NAMES,
  type HeuristicConfig,
  type HeuristicOptionNames,
  heuristicOptions,
  PLAIN_HEURISTIC_NAMES,
} from './heuristics/get-heuristic.ts';
export { gibbsSampling } from './heuristics/gibbs-sampling.ts';
export { gumbelOrder } from './heuristics/gumbel-order.ts';
export type {
  BatchSelection,
  ChunkScores,
  Heuristic,
  HeuristicNeeds,
  HeuristicOptions,
  Ranking,
} from './heuristics/heuristic.ts';
export { margin } from './heuristics/margin.ts';
export {
  type PowerHeuristicOptions,
  powerBald,
  powerEntropy,
  powerSampling,
} from './heuristics/power-sampling.ts';
export { type PrecomputedOptions, precomputed } from './heuristics/precomputed.ts';
export { committeeKl, voteEntropy } from './heuristics/query-by-committee.ts';
export { random } from './heuristics/random.ts';
export { rankBasedSampling } from './heuristics/rank-based-sampling.ts';
export { rankScores } from './heuristics/rank-scores.ts';
export { REDUCTION_NAMES, type Reduction } from './heuristics/reduction.ts';
export {
  type DistributionOptions,
  gibbsDistribution,
  type PowerOptions,
  powerDistribution,
  rankBasedDistribution,
  type TemperatureOptions,
} from './heuristics/sampling-distributions.ts';
export { subsample } from './heuristics/subsample.ts';
export { type TopRanks, topRanks } from './heuristics/top-ranks.ts';
export { variance } from './heuristics/variance.ts';
export {
  ActiveLearningExperiment,
  type ActiveLearningExperimentOptions,
  type ExperimentEvent,
  type RunOptions,
} from './loop/active-learning-experiment.ts';
export {
  ActiveLearningLoop,
  type ActiveLearningLoopOptions,
  type GetProbabilities,
  type StepOptions,
} from './loop/active-learning-loop.ts';
export {
  type ClassificationChangeOptions,
  classificationChange,
  type KappaAgreementOptions,
  kappaAgreement,
  type OverallUncertaintyOptions,
  overallUncertainty,
  type StabilizingPredictionsOptions,
  stabilizingPredictions,
} from './loop/agreement-criteria.ts';
export { encodeJson, type Json } from './loop/canonical-json.ts';
export { allOf, anyOf } from './loop/composed-criteria.ts';
export { type EarlyStoppingOptions, earlyStopping } from './loop/early-stopping.ts';
export {
  configHash,
  decodeJournal,
  encodeEnd,
  encodeHeader,
  encodeRound,
  JOURNAL_VERSION,
  type Journal,
  type JournalCell,
  type JournalEnd,
  type JournalHeader,
} from './loop/journal.ts';
export { type LabellingBudgetOptions, labellingBudget } from './loop/labelling-budget.ts';
export type {
  EvaluateOptions,
  Learner,
  PredictOptions,
  Progress,
  WorkOptions,
} from './loop/learner.ts';
export {
  type MetricLevelOptions,
  metricLevel,
  type TimeBudgetOptions,
  timeBudget,
} from './loop/level-criteria.ts';
export {
  type LowAverageUncertaintyOptions,
  lowAverageUncertainty,
} from './loop/low-average-uncertainty.ts';
export type { FeatureSource } from './loop/pool-features.ts';
export type { PredictionSource, Suggestion } from './loop/rank-pool.ts';
export {
  type ReplayStoppingOptions,
  replayStopping,
  type StoppingReplay,
  type StoppingVerdict,
} from './loop/replay-stopping.ts';
export type { RoundRecord } from './loop/round-record.ts';
export { cohensKappa, type StopSetSummary, summarizeStopSet } from './loop/stop-set.ts';
export type { StoppingCriterion, StoppingInput } from './loop/stopping-criterion.ts';
export { type TrainUntil, trainUntilReached } from './loop/train-until.ts';
export { summarizeUncertainty, type UncertaintySummary } from './loop/uncertainty-summary.ts';
export { type AccuracyOptions, accuracy } from './metrics/accuracy.ts';
export { adaptiveEce } from './metrics/adaptive-ece.ts';
export { brier } from './metrics/brier.ts';
export { type ClassWiseEceOptions, classWiseEce } from './metrics/class-wise-ece.ts';
export {
  type ClassificationReport,
  classificationReport,
} from './metrics/classification-report.ts';
export { confusionMatrix } from './metrics/confusion-matrix.ts';
export { type BinOptions, ece } from './metrics/ece.ts';
export { ecePerClass } from './metrics/ece-per-class.ts';
export {
  type EvaluatePredictionsOptions,
  evaluatePredictions,
} from './metrics/evaluate-predictions.ts';
export {
  type IntervalCoverageOptions,
  intervalCoverage,
  type NoiseOptions,
  regressionNll,
} from './metrics/gaussian-predictive.ts';
export { getMetric, METRIC_NAMES, type MetricOptions } from './metrics/get-metric.ts';
export { type LossBatch, loss } from './metrics/loss.ts';
export type { Metric, MetricBatch } from './metrics/metric.ts';
export { type LabelledMetrics, MetricLog, type MetricPhase } from './metrics/metric-log.ts';
export type { Metrics, MetricValue } from './metrics/metric-value.ts';
export { nll } from './metrics/nll.ts';
export { type OodBatch, type OodFigures, oodAuroc } from './metrics/ood-auroc.ts';
export {
  type ClassAverage,
  type ClassAverageOptions,
  f1,
  precision,
  recall,
} from './metrics/precision-recall.ts';
export {
  averagePrecision,
  type PrecisionRecallAreaOptions,
  prArea,
} from './metrics/precision-recall-area.ts';
export { mae, mse, rmse } from './metrics/regression-errors.ts';
export { type Reliability, reliability } from './metrics/reliability.ts';
export {
  type RiskCoverageAreaOptions,
  type RiskCoverageCurve,
  riskCoverageArea,
  riskCoverageCurve,
} from './metrics/risk-coverage.ts';
export { type MetricBatchOptions, type Target, toMetricBatch } from './metrics/to-metric-batch.ts';
export { bayesianModelAverage } from './predictions/bayesian-model-average.ts';
export { blankPredictions } from './predictions/blank-predictions.ts';
export {
  checkPredictions,
  type PredictionSizes,
  predictionSizes,
} from './predictions/check-predictions.ts';
export { asChunks, collectPredictions, concatPredictions } from './predictions/chunks.ts';
export { type FromBaalArrayOptions, fromBaalArray } from './predictions/from-baal-array.ts';
export type { PredictionKind, Predictions, SampleCoupling } from './predictions/predictions.ts';
export { toProbabilities } from './predictions/to-probabilities.ts';
export { createRng, restoreRng } from './random/create-rng.ts';
export { hashKey, type Key128, murmur3 } from './random/hash-key.ts';
export type { Rng, RngState } from './random/rng.ts';
export { lookUp, nearestName } from './registry.ts';
export { benjaminiHochberg, holm } from './stats/adjust-p-values.ts';
export { areaUnderLearningCurve } from './stats/area-under-learning-curve.ts';
export {
  type ComparedStrategy,
  type CompareStrategiesOptions,
  compareStrategies,
  type StrategyAgainstBaseline,
  type StrategyComparison,
  type StrategyRuns,
} from './stats/compare-strategies.ts';
export { type DataSavingFactor, dataSavingFactor } from './stats/data-saving-factor.ts';
export { type FriedmanOptions, type FriedmanTest, friedmanTest } from './stats/friedman.ts';
export { type LabelsSaved, labelsSaved } from './stats/labels-saved.ts';
export { type LevelOptions, labelsToLevel } from './stats/labels-to-level.ts';
export type { LearningCurve } from './stats/learning-curve.ts';
export { type MeanCurve, meanCurve } from './stats/mean-curve.ts';
export {
  type ConfidenceOptions,
  type Interval,
  type MeanWithInterval,
  meanInterval,
} from './stats/mean-interval.ts';
export { normalCdf, normalQuantile } from './stats/normal.ts';
export {
  type PairedTTest,
  pairedTTest,
  type WilcoxonSignedRank,
  wilcoxonSignedRank,
} from './stats/paired-tests.ts';
export { studentTQuantile } from './stats/student-t.ts';
export { normalRangeCdf, normalRangeQuantile } from './stats/studentized-range.ts';
export { chiSquaredTail, fisherTail, studentTTail } from './stats/tail-probabilities.ts';
export { type WelchTTest, welchTTest } from './stats/welch-t-test.ts';
export type { StopSignal } from './stop-signal.ts';
