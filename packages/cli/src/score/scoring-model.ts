import { ConfigError, type PredictionKind } from '@baal/core';
import {
  createModel,
  type Graph,
  hasDropout,
  insertDropout,
  isHalf,
  lastOperator,
  type Model,
  mcDropout,
  outputKind,
  Predictor,
  parametersOf,
  prune,
  toFloat32,
  type ValueInfo,
} from '@baal/onnx';
import { readOnnxFile } from '@baal/onnx/node';
import { loadRuntime, type Provider } from '../model/load-runtime.ts';
import { needSamples, predictionKinds, type ScoreOptions } from './score-options.ts';

/** A graph that is to score, and what of it is needed. */
export interface ScoringGraph {
  readonly path: string;
  readonly graph: Graph;
  readonly output: string;
  /** Inputs that the output depends on. */
  readonly inputs: readonly ValueInfo[];
  /** Whether the file is of half precision, which the graph no longer is. */
  readonly half: boolean;
  /** The file and those beside it that hold its weights. */
  readonly files: readonly string[];
}

/** A model that is ready to score. */
export interface ScoringModel {
  readonly kind: PredictionKind;
  readonly inputs: readonly ValueInfo[];
  /** Shape of one row as the model takes it, by input. */
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  /** K samples an item; the deterministic model where it has no dropout. */
  readonly sampled: Predictor;
  /** One deterministic pass; the same as `sampled` where there is no dropout. */
  readonly deterministic: Predictor;
  /** What computes: the provider that was asked for, or the one in its place. */
  readonly provider: Provider;
  /** What a reader of the scores should know. */
  readonly notes: readonly string[];
  dispose(): Promise<void>;
}

/** Bytes that intermediate values of one run may take: runs of some 100 ms, and flat memory. */
const memoryBudgetBytes = 64 * 2 ** 20;

/**
 * Reads an ONNX file.
 *
 * @throws DataError if the file cannot be read; ConfigError if there is no such output, or it depends on no input.
 */
export function readScoringGraph(path: string, options: ScoreOptions): ScoringGraph {
  const files = [path];
  const read = readOnnxFile(path, { onWeightsFile: (file) => files.push(file) });
  const half = isHalf(read);
  const graph = half ? toFloat32(read) : read;
  const output = outputNamed(path, options.output, graph.outputs);
  const needed = prune(graph, [output]);
  const inputs = graph.inputs.filter(
    ({ name }) => name === output || needed.nodes.some((node) => node.inputs.includes(name)),
  );
  if (inputs.length > 0) return { path, graph, output, inputs, half, files };
  throw new ConfigError(
    `${path}: output '${output}' depends on no input, expected another one with --output`,
  );
}

/**
 * Makes a graph ready to score rows of a shape.
 *
 * @throws DataError if it cannot be run; ConfigError if kind, dropout or provider have to be said, or are said
 *   wrongly.
 */
export async function openScoringModel(
  { path, graph, output, inputs, half }: ScoringGraph,
  shapes: Readonly<Record<string, readonly number[]>>,
  options: ScoreOptions,
): Promise<ScoringModel> {
  const kind = options.kind ?? outputKind(graph, output);
  if (kind === undefined) {
    const last = lastOperator(graph, output)?.opType ?? 'an input';
    throw new ConfigError(
      `${path}: what output '${output}' means cannot be read off its last operator, ${last}; expected ` +
        `--kind with one of ${predictionKinds.join(', ')} (logits for the classes of a softmax)`,
    );
  }
  if (kind === 'values' && options.heuristic !== 'variance') {
    throw new ConfigError(
      `--heuristic: ${options.heuristic} looks at classes, expected variance for an output of kind values`,
    );
  }
  const base = createModel(
    { ...graph, inputs },
    // Nothing is trained: a model of constants alone can be scored too.
    { kind, output, trainable: parametersOf(graph), inputShapes: shapes },
  );
  const { model, notes } = bayesian(path, base, options);
  const { runtime, note } = await loadRuntime('--provider', options, '--fallback');
  const settings = { replicate: false, memoryBudgetBytes, threads: options.threads };
  const { posterior, ...plain } = model;
  const deterministic = await Predictor.create(runtime, plain, { ...settings, iterations: 1 });
  const { iterations } = options;
  let sampled = deterministic;
  try {
    if (posterior !== undefined) {
      sampled = await Predictor.create(runtime, model, { ...settings, iterations });
    }
  } catch (error) {
    await deterministic.dispose();
    throw error;
  }
  const fellBack = sampled.fellBack
    ? ['masks could not be shared between items, each item has its own']
    : [];
  const widened = half
    ? ['the model is of half precision: it is computed in single precision']
    : [];
  return {
    kind,
    inputs,
    shapes,
    sampled,
    deterministic,
    provider: note === undefined ? (options.provider ?? 'cpu') : 'cpu',
    notes: [...widened, ...notes, ...fellBack, ...(note === undefined ? [] : [note])],
    async dispose() {
      await deterministic.dispose();
      if (sampled !== deterministic) await sampled.dispose();
    },
  };
}

/** The output of a name, or the first one. */
function outputNamed(
  path: string,
  name: string | undefined,
  outputs: readonly ValueInfo[],
): string {
  const found = name === undefined ? outputs[0] : outputs.find((output) => output.name === name);
  if (found !== undefined) return found.name;
  throw new ConfigError(
    `--output: ${path} has no '${name ?? ''}', expected one of ${outputs.map((output) => output.name).join(', ')}`,
  );
}

function bayesian(
  path: string,
  base: Model,
  { dropout, dropoutAt, masks, iterations, heuristic }: ScoreOptions,
): { readonly model: Model; readonly notes: readonly string[] } {
  if (dropout === undefined && dropoutAt !== undefined) {
    throw new ConfigError('--dropout-at: says where, expected --dropout with the rate too');
  }
  const own = hasDropout(base);
  const inserted =
    dropout === undefined
      ? base
      : insertDropout(base, {
          rate: dropout,
          ...(dropoutAt === undefined ? {} : { at: dropoutAt }),
        });
  if (dropout === undefined && !own) {
    if (needSamples.includes(heuristic)) {
      throw new ConfigError(
        `${path}: the model has no Dropout, so its samples are all alike and ${heuristic} has nothing to compare; ` +
          'expected --dropout p, which puts one before the last dense layer (another model: look at its accuracy), ' +
          'or --heuristic entropy, margin or certainty, which take one pass',
      );
    }
    return {
      model: base,
      notes: ['the model has no Dropout: these are the scores of one deterministic pass'],
    };
  }
  if (needSamples.includes(heuristic) && iterations < 2) {
    throw new ConfigError(
      `--iterations: too few for ${heuristic}, expected 2 or more, got ${iterations}; one sample has nothing to disagree with`,
    );
  }
  const where =
    dropoutAt === undefined ? 'before the last dense layer' : `at ${dropoutAt.join(', ')}`;
  const notes =
    dropout === undefined
      ? []
      : [
          `dropout ${dropout} was put ${where}: the model was not trained with it, compare the accuracies`,
        ];
  return { model: mcDropout(inserted, { masks }), notes };
}
