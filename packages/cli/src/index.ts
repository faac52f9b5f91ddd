// The config of an experiment
export type {
  AdamConfig,
  BayesianConfig,
  BudgetStopConfig,
  DatasetConfig,
  EvaluateConfig,
  ExperimentConfig,
  IdxConfig,
  IdxFilesConfig,
  InitialConfig,
  MlpConfig,
  MnistConfig,
  ModelConfig,
  OptimizerConfig,
  PlateauStopConfig,
  PoolConfig,
  SgdConfig,
  SimpleModelConfig,
  StopConfig,
  TrainConfig,
  UncertaintyStopConfig,
} from './config/config.ts';
export { configJsonSchema } from './config/config-schema.ts';
export { parseConfig } from './config/parse-config.ts';
// What it found
export { renderReport } from './report/render-report.ts';
export type {
  AreaDifference,
  AreaResult,
  ComparisonResult,
  RankResult,
} from './run/comparison.ts';
export type { Environment } from './run/environment.ts';
export type {
  CellResult,
  CellStatus,
  CurvePoint,
  FactorResult,
  LevelResult,
  Reliability,
  Results,
  RoundFigures,
  SavedResult,
  StrategyResult,
} from './run/results.ts';
