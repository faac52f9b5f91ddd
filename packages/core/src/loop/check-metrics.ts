import { NumericalError } from '../errors.ts';
import type { Metrics } from '../metrics/metric-value.ts';

/** @throws NumericalError if a figure of a round is NaN or infinite. */
export function checkFiniteMetrics(round: number, phase: 'train' | 'test', metrics: Metrics): void {
  for (const [name, value] of Object.entries(metrics)) {
    const values = typeof value === 'number' ? [value] : value;
    const bad = values.findIndex((number) => !Number.isFinite(number));
    if (bad === -1) continue;
    const place = typeof value === 'number' ? name : `${name}[${bad}]`;
    throw new NumericalError(
      `ActiveLearningExperiment: round ${round}, ${phase} figure ${place} is no number, expected a finite one, got ${values[bad]}`,
    );
  }
}
