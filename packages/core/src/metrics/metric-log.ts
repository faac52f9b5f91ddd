import { ConfigError } from '../errors.ts';
import { figuresOf } from './evaluate-predictions.ts';
import type { Metric, MetricBatch } from './metric.ts';
import type { Metrics } from './metric-value.ts';

/** What a model is doing when figures are gathered. */
export type MetricPhase = 'train' | 'test';

/** Figures of a model that was trained on so many labels. */
export interface LabelledMetrics {
  /** Size of the labelled set. */
  readonly labelled: number;
  /** Figures of its training. */
  readonly train: Metrics;
  /** Figures of its last test; empty if it was not tested. */
  readonly test: Metrics;
}

/**
 * The added metrics of a model, with what they and the model itself said: Baal's `MetricMixin`. Every
 * metric exists twice, for training and for testing, so that neither counts the batches of the other.
 */
export class MetricLog {
  readonly #metrics: Record<MetricPhase, Map<string, Metric>> = {
    train: new Map(),
    test: new Map(),
  };
  readonly #latest: Record<MetricPhase, Metrics> = { train: {}, test: {} };
  #rounds: LabelledMetrics[] = [];

  /**
   * Adds a metric under a name; a name that is there already gets the new one.
   *
   * @param factory - makes a fresh metric; called once for training and once for testing
   * @throws ConfigError if the factory gives the same object twice: its counts would be mixed.
   */
  add(name: string, factory: () => Metric): void {
    const [train, test] = [factory(), factory()];
    if (train === test) {
      throw new ConfigError(
        `addMetric: the factory of "${name}" gave the same object twice, expected a fresh metric at each call; write () => accuracy() and not () => shared`,
      );
    }
    this.#metrics.train.set(name, train);
    this.#metrics.test.set(name, test);
  }

  /** Whether anything was added. */
  get isEmpty(): boolean {
    return this.#metrics.train.size === 0;
  }

  /** Fresh start of an epoch or a test: the added metrics of the phase forget everything. */
  reset(phase: MetricPhase): void {
    for (const metric of this.#metrics[phase].values()) metric.reset();
  }

  /** Shows a batch to the added metrics of a phase. */
  update(phase: MetricPhase, batch: MetricBatch): void {
    for (const metric of this.#metrics[phase].values()) metric.update(batch);
  }

  /** The added metrics of a phase under their names, for `evaluatePredictions`. */
  metrics(phase: MetricPhase): Metric[] {
    return [...this.#metrics[phase]].map(([name, metric]) => ({
      name,
      update: (batch) => metric.update(batch),
      value: () => metric.value(),
      reset: () => metric.reset(),
    }));
  }

  /** Figures of the added metrics of a phase. @throws StateError if one has seen no labelled item. */
  figures(phase: MetricPhase): Metrics {
    return Object.fromEntries(
      [...this.#metrics[phase]].flatMap(([name, metric]) => figuresOf(metric, name)),
    );
  }

  /** Begins the entry of a training on so many labels. */
  begin(labelled: number): void {
    this.#latest.test = {};
    this.#rounds = [...this.#rounds, { labelled, train: {}, test: {} }];
  }

  /** Keeps the figures of an epoch or a test: the latest ones, and those of the current training. */
  record(phase: MetricPhase, figures: Metrics): void {
    this.#latest[phase] = figures;
    const current = this.#rounds.at(-1);
    if (current === undefined) return;
    this.#rounds = [...this.#rounds.slice(0, -1), { ...current, [phase]: figures }];
  }

  /** Figures of the last epoch or the last test; empty before the first. */
  latest(phase: MetricPhase): Metrics {
    return this.#latest[phase];
  }

  /** One entry a training, in their order, each with its number of labels. */
  get rounds(): readonly LabelledMetrics[] {
    return this.#rounds;
  }
}
