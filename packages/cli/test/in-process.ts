import type { Dataset, Example } from '@baal/core';
import { committeeLearner } from '@baal/core/testing';
import type { FromCell } from '../src/cell/messages.ts';
import type { BuildLearner } from '../src/cell/run-cell.ts';
import { serveCell } from '../src/cell/serve-cell.ts';
import type { Context } from '../src/commands/context.ts';
import { nodeFileSystem } from '../src/run/file-system.ts';
import type { SpawnCell } from '../src/run/spawn-cell.ts';
import { painter } from '../src/terminal/colours.ts';

/** A learner without a model runtime, so that what surrounds it can be tested by itself. */
export const committee: BuildLearner = async (config, dataset, { rng }) =>
  committeeLearner({
    classes: dataset.classes,
    features: dataset.inputShape[0] as number,
    rng,
    epochs: config.train.epochs,
    batchSize: config.train.batchSize,
  });

/** A committee that tells which datasets it predicts, by the ids of their items. */
export function watched(seen: (ids: readonly string[]) => void): BuildLearner {
  return async (config, data, options) => {
    const learner = await committee(config, data, options);
    const idsOf = (dataset: Dataset<Example>): readonly string[] =>
      Array.from({ length: dataset.length }, (_, i) => dataset.id?.(i) ?? String(i));
    return {
      name: learner.name,
      reset: () => learner.reset(),
      train: (...args) => learner.train(...args),
      evaluate: (...args) => learner.evaluate(...args),
      dispose: () => learner.dispose(),
      predict: (dataset, work) => {
        seen(idsOf(dataset));
        return learner.predict(dataset, work);
      },
    };
  };
}

/** Cells in this process, with the same messages as those in their own. */
export function spawnInProcess(
  buildLearner: BuildLearner = committee,
  onMessage: (message: FromCell) => void = () => undefined,
  now: () => number = () => 0,
): SpawnCell {
  return (listener) => {
    const later = (work: () => void): void => void setImmediate(work);
    let killed = false;
    const cell = serveCell({
      buildLearner,
      now,
      send: (message) =>
        later(() => {
          if (killed) return;
          onMessage(message);
          listener.onMessage(structuredClone(message));
        }),
      close: () => later(() => killed || listener.onExit('its process ended with code 0')),
    });
    cell.ready();
    return {
      send: (message) => later(() => cell.receive(structuredClone(message))),
      kill: () => {
        killed = true;
        listener.onExit('its process ended by SIGKILL');
      },
    };
  };
}

/** A context whose output is kept, for one call of the command. */
export interface TestContext extends Context {
  readonly output: string[];
  readonly complaints: string[];
  readonly stop: AbortController;
  readonly kill: AbortController;
  /** Codes that the process was to end with at once. */
  readonly exits: number[];
}

/** Makes a {@link TestContext}; some parts may be replaced. */
export function testContext(changes: Partial<Context> = {}): TestContext {
  const output: string[] = [];
  const complaints: string[] = [];
  const exits: number[] = [];
  const stop = new AbortController();
  const kill = new AbortController();
  return {
    files: nodeFileSystem,
    spawn: spawnInProcess(),
    terminal: { isTerminal: false, width: 80, line: (text) => void output.push(text) },
    paint: painter(false, {}),
    makeFrame: () => ({ draw: () => undefined, persist: () => undefined, done: () => undefined }),
    complain: (text) => void complaints.push(text),
    signal: stop.signal,
    killSignal: kill.signal,
    exit: (code) => void exits.push(code),
    ...changes,
    output,
    complaints,
    stop,
    kill,
    exits,
  };
}
