import {
  earlyStopping,
  labellingBudget,
  lowAverageUncertainty,
  type StoppingCriterion,
} from '@baal/core';
import type { StopConfig } from '../config/config.ts';

/** The criterion behind an entry of the key `stop`. */
export function stopCriterion(config: StopConfig): StoppingCriterion {
  switch (config.kind) {
    case 'labelling-budget':
      return labellingBudget({ budget: config.budget });
    case 'low-average-uncertainty':
      return lowAverageUncertainty({ threshold: config.threshold });
    case 'early-stopping':
      return earlyStopping({
        metric: config.metric,
        patience: config.patience,
        epsilon: config.epsilon,
      });
  }
}
