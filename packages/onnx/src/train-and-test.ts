import {
  ConfigError,
  type Dataset,
  type EvaluateOptions,
  type Example,
  type Metrics,
  type NdArray,
  type WorkOptions,
} from '@baal/core';

/** Options of {@link ModelWrapper.trainAndTestOnDatasets}. */
export interface TrainAndTestOptions extends WorkOptions {
  /** Posterior samples that are averaged in each test; 1 by default. */
  readonly averagePredictions?: number;
  /** Tests after every so many epochs; 1 by default. */
  readonly skipEpochs?: number;
  /** Stops when the test loss has not fallen for more than this many epochs; `null`, the default, never. */
  readonly patience?: number | null;
  /** Epochs before which `patience` does not stop; 0 by default. */
  readonly minEpochs?: number;
}

/** What {@link ModelWrapper.trainAndTestOnDatasets} saw. */
export interface TrainAndTestResult {
  /** Figures of each epoch: `train_*`, and `test_*` where it was tested. */
  readonly history: readonly Metrics[];
  /** The tested epoch with the lowest test loss, counted from 0, with the wrapper's state after it. */
  readonly best: {
    readonly epoch: number;
    readonly loss: number;
    readonly state: ReadonlyMap<string, NdArray>;
  };
}

/** What is trained and tested: the part of a wrapper that this needs. */
interface Trainee {
  trainOnDataset(
    dataset: Dataset<Example>,
    options: WorkOptions & {
      readonly onEpoch: (epoch: number, metrics: Metrics) => boolean | Promise<boolean>;
    },
  ): Promise<Metrics[]>;
  testOnDataset(dataset: Dataset<Example>, options: EvaluateOptions): Promise<Metrics>;
  state(): Promise<ReadonlyMap<string, NdArray>>;
}

/** Trains, tests as it goes, and remembers the best weights; see {@link ModelWrapper.trainAndTestOnDatasets}. */
export async function trainAndTest(
  wrapper: Trainee,
  train: Dataset<Example>,
  test: Dataset<Example>,
  options: TrainAndTestOptions,
): Promise<TrainAndTestResult> {
  const {
    averagePredictions = 1,
    skipEpochs = 1,
    patience = null,
    minEpochs = 0,
    ...work
  } = options;
  if (!Number.isInteger(skipEpochs) || skipEpochs < 1) {
    throw new ConfigError(
      `trainAndTestOnDatasets: skipEpochs is ${skipEpochs}, expected an integer of at least 1`,
    );
  }
  const history: Metrics[] = [];
  let best: TrainAndTestResult['best'] | undefined;
  await wrapper.trainOnDataset(train, {
    ...work,
    onEpoch: async (epoch, figures) => {
      const trained = prefixed('train', figures);
      if ((epoch + 1) % skipEpochs !== 0) {
        history.push(trained);
        return true;
      }
      const tested = await wrapper.testOnDataset(test, {
        ...work,
        rng: work.rng.fork(`test-${epoch}`),
        averagePredictions,
      });
      history.push({ ...trained, ...prefixed('test', tested) });
      const loss = tested.loss;
      if (typeof loss !== 'number') {
        throw new ConfigError(
          'trainAndTestOnDatasets: the test has no loss, expected nll or mse among the metrics',
        );
      }
      if (best === undefined || loss < best.loss)
        best = { epoch, loss, state: await wrapper.state() };
      return patience === null || epoch - best.epoch <= patience || epoch < minEpochs;
    },
  });
  if (best === undefined) {
    throw new ConfigError(
      `trainAndTestOnDatasets: no epoch was tested, expected skipEpochs of at most ${history.length}, got ${skipEpochs}`,
    );
  }
  return { history, best };
}

function prefixed(prefix: string, metrics: Metrics): Metrics {
  return Object.fromEntries(
    Object.entries(metrics).map(([name, value]) => [`${prefix}_${name}`, value]),
  );
}
