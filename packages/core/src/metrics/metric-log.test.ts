import { describe, expect, it } from 'vitest';
import { ConfigError, StateError } from '../errors.ts';
import { accuracy } from './accuracy.ts';
import { classificationReport } from './classification-report.ts';
import type { MetricBatch } from './metric.ts';
import { MetricLog } from './metric-log.ts';

const batch = (...targets: number[]): MetricBatch => ({
  data: Float64Array.from(targets.flatMap(() => [0.9, 0.1])),
  shape: [targets.length, 2],
  kind: 'probabilities',
  targets,
});

describe('MetricLog', () => {
  it('keeps the batches of training and testing apart', () => {
    const log = new MetricLog();
    expect(log.isEmpty).toBe(true);
    log.add('own', () => accuracy());
    expect(log.isEmpty).toBe(false);
    log.update('train', batch(0, 0));
    log.update('test', batch(1));
    log.update('test', batch(0, 0, 0));
    expect(log.figures('train')).toEqual({ own: 1 });
    expect(log.figures('test')).toEqual({ own: 3 / 4 });
    log.reset('train');
    expect(() => log.figures('train')).toThrow(StateError);
    expect(log.figures('test')).toEqual({ own: 3 / 4 });
  });

  it('names figures after the metric that was added, parts included', () => {
    const log = new MetricLog();
    log.add('mine', () => classificationReport());
    const [metric] = log.metrics('test');
    metric?.update(batch(0, 1));
    expect(metric?.name).toBe('mine');
    expect(log.figures('test').mineRecall).toEqual([1, 0]);
  });

  it('refuses one object for both', () => {
    const shared = accuracy();
    expect(() => new MetricLog().add('shared', () => shared)).toThrow(ConfigError);
  });

  it('logs by number of labels, two trainings of one size apart', () => {
    const log = new MetricLog();
    log.record('test', { accuracy: 0.1 });
    expect(log.latest('test')).toEqual({ accuracy: 0.1 });
    expect(log.rounds).toEqual([]);
    for (const [labelled, value] of [
      [10, 0.5],
      [20, 0.6],
      [20, 0.7],
    ] as const) {
      log.begin(labelled);
      expect(log.latest('test')).toEqual({});
      log.record('train', { loss: 2 });
      log.record('train', { loss: 1 });
      log.record('test', { accuracy: value });
    }
    expect(log.rounds).toEqual([
      { labelled: 10, train: { loss: 1 }, test: { accuracy: 0.5 } },
      { labelled: 20, train: { loss: 1 }, test: { accuracy: 0.6 } },
      { labelled: 20, train: { loss: 1 }, test: { accuracy: 0.7 } },
    ]);
    expect(log.latest('train')).toEqual({ loss: 1 });
  });
});
