import {
  allOf,
  anyOf,
  classificationChange,
  earlyStopping,
  kappaAgreement,
  labellingBudget,
  lowAverageUncertainty,
  metricLevel,
  overallUncertainty,
  type StoppingCriterion,
  stabilizingPredictions,
  timeBudget,
} from '@baal/core';
import type { StopConfig } from '../config/stop-config.ts';

/** The criterion behind an entry of the key `stop`. */
export function stopCriterion(config: StopConfig): StoppingCriterion {
  switch (config.kind) {
    case 'labelling-budget':
      return labellingBudget(config);
    case 'low-average-uncertainty':
      return lowAverageUncertainty(config);
    case 'early-stopping':
      return earlyStopping(config);
    case 'metric-level':
      return metricLevel(config);
    case 'time-budget':
      return timeBudget(config);
    case 'kappa-agreement':
      return kappaAgreement(config);
    case 'stabilizing-predictions':
      return stabilizingPredictions(config);
    case 'classification-change':
      return classificationChange(config);
    case 'overall-uncertainty':
      return overallUncertainty(config);
    case 'any-of':
      return anyOf(...config.criteria.map(stopCriterion));
    case 'all-of':
      return allOf(...config.criteria.map(stopCriterion));
  }
}
