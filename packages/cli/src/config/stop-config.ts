/** When to stop before the rounds are over. */
export type StopConfig =
  | BudgetStopConfig
  | UncertaintyStopConfig
  | PlateauStopConfig
  | LevelStopConfig
  | TimeStopConfig
  | KappaStopConfig
  | StabilizingStopConfig
  | ChangeStopConfig
  | EntropyStopConfig
  | ComposedStopConfig;

/** Stops once so many items are labelled. */
export interface BudgetStopConfig {
  /** By number of labels. */
  readonly kind: 'labelling-budget';
  /** Number of labelled items, the initial ones included. */
  readonly budget: number;
}

/** Stops once the pool is no longer uncertain. */
export interface UncertaintyStopConfig {
  /** By the scores of the pool. */
  readonly kind: 'low-average-uncertainty';
  /** Mean score below which it stops, in the units of the heuristic. */
  readonly threshold: number;
}

/** Stops once a test figure has come to rest. */
export interface PlateauStopConfig {
  /** By a figure of the evaluation. */
  readonly kind: 'early-stopping';
  /** The figure. */
  readonly metric: string;
  /** Rounds that it may stay where it is. */
  readonly patience: number;
  /** What counts as the same value. */
  readonly epsilon: number;
}

/** Stops once a test figure has reached a level. */
export interface LevelStopConfig {
  /** By a figure of the evaluation. */
  readonly kind: 'metric-level';
  /** The figure. */
  readonly metric: string;
  /** The level. */
  readonly level: number;
  /** `atLeast` for accuracy and the like, `atMost` for errors and losses. */
  readonly direction: 'atLeast' | 'atMost';
}

/** Stops once so much time is spent. */
export interface TimeStopConfig {
  /** By the time that the rounds of a cell took. */
  readonly kind: 'time-budget';
  /** Seconds of a cell; those of an interrupted run count too. */
  readonly seconds: number;
}

/** Stops once successive models agree about the stop set. */
export interface KappaStopConfig {
  /** By Cohen's kappa. */
  readonly kind: 'kappa-agreement';
  /** Least kappa. */
  readonly threshold: number;
  /** How many times in a row. */
  readonly patience: number;
}

/** Stops once the agreement of successive models about the stop set is high on average. */
export interface StabilizingStopConfig {
  /** By the mean of several kappas. */
  readonly kind: 'stabilizing-predictions';
  /** Least mean kappa. */
  readonly threshold: number;
  /** How many kappas are averaged. */
  readonly window: number;
}

/** Stops once classes in the stop set no longer change. */
export interface ChangeStopConfig {
  /** By the share of classes that change from one round to the next. */
  readonly kind: 'classification-change';
  /** Largest share that may change. */
  readonly threshold: number;
  /** How many times in a row. */
  readonly patience: number;
}

/** Stops once the model is certain about the stop set. */
export interface EntropyStopConfig {
  /** By the mean predictive entropy of the stop set. */
  readonly kind: 'overall-uncertainty';
  /** Mean below which it stops, in nats. */
  readonly threshold: number;
}

/** Stops by several criteria together. */
export interface ComposedStopConfig {
  /** When one of them says so, or when all say so in the same round. */
  readonly kind: 'any-of' | 'all-of';
  /** The criteria. */
  readonly criteria: readonly StopConfig[];
}
