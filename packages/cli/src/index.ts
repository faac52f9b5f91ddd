// The config of an experiment
export type {
  BayesianConfig,
  DatasetConfig,
  ExperimentConfig,
  IdxConfig,
  IdxFilesConfig,
  MnistConfig,
  ModelConfig,
  OptimizerConfig,
  StopConfig,
  TrainConfig,
} from './config/config.ts';
export { configJsonSchema } from './config/config-schema.ts';
export { parseConfig } from './config/parse-config.ts';
// What it found
export { renderReport } from './report/render-report.ts';
export type { Environment } from './run/environment.ts';
export type {
  CellResult,
  CellStatus,
  CurvePoint,
  LevelResult,
  Reliability,
  Results,
  RoundFigures,
  SavedResult,
  StrategyResult,
} from './run/results.ts';
