// The config of an experiment
export type {
  AdamConfig,
  BayesianConfig,
  DatasetConfig,
  EvaluateConfig,
  ExperimentConfig,
  IdxConfig,
  IdxFilesConfig,
  InitialConfig,
  ItemsConfig,
  MlpConfig,
  MnistConfig,
  ModelConfig,
  OptimizerConfig,
  PoolConfig,
  SgdConfig,
  SimpleModelConfig,
  TrainConfig,
} from './config/config.ts';
export { configJsonSchema } from './config/config-schema.ts';
export type {
  HeuristicChoice,
  HeuristicEntry,
  HeuristicWithOptions,
} from './config/heuristic-config.ts';
export { parseConfig } from './config/parse-config.ts';
export type {
  BudgetStopConfig,
  ChangeStopConfig,
  ComposedStopConfig,
  EntropyStopConfig,
  KappaStopConfig,
  LevelStopConfig,
  PlateauStopConfig,
  StabilizingStopConfig,
  StopConfig,
  TimeStopConfig,
  UncertaintyStopConfig,
} from './config/stop-config.ts';
export { type Strategy, strategiesOf } from './config/strategy.ts';
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
