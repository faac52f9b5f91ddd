import { ConfigError, type PredictionKind, ShapeError } from '@baal/core';
import {
  createModel,
  insertDropout,
  lastOperator,
  loadOnnxRuntime,
  type Model,
  mcDropout,
  type OnnxRuntime,
  outputKind,
  Predictor,
  parametersOf,
  prune,
  sizeOf,
  type ValueInfo,
} from '@baal/onnx';
import { readOnnxFile } from '@baal/onnx/node';
import { needSamples, predictionKinds, type ScoreOptions } from './score-options.ts';

/** A model that is ready to score. */
export interface ScoringModel {
  readonly kind: PredictionKind;
  /** The input that rows are fed to. */
  readonly input: ValueInfo;
  /** Shape of one row as the model takes it. */
  readonly inputShape: readonly number[];
  /** K samples an item; the deterministic model where it has no dropout. */
  readonly sampled: Predictor;
  /** One deterministic pass; the same as `sampled` where there is no dropout. */
  readonly deterministic: Predictor;
  /** What a reader of the scores should know. */
  readonly notes: readonly string[];
  dispose(): Promise<void>;
}

/** Bytes that intermediate values of one run may take: runs of some 100 ms, and flat memory. */
const memoryBudgetBytes = 64 * 2 ** 20;

/**
 * Reads an ONNX file and makes it ready to score rows of a shape.
 *
 * @throws DataError if the file cannot be read or run; ConfigError if input, output, kind or dropout have
 * to be said, or are said wrongly; ShapeError if the rows do not fit.
 */
export async function openScoringModel(
  path: string,
  rowShape: readonly number[],
  options: ScoreOptions,
): Promise<ScoringModel> {
  const graph = readOnnxFile(path);
  const output = named('--output', options.output, graph.outputs, path).name;
  const needed = prune(graph, [output]);
  const used = graph.inputs.filter(({ name }) => needed.nodes.some((n) => n.inputs.includes(name)));
  const input = named('--input', options.input, used, path);
  if (used.length > 1) {
    const others = used.filter(({ name }) => name !== input.name).map(({ name }) => name);
    throw new ConfigError(
      `${path}: output '${output}' needs ${used.length} inputs, expected 1, got also ${others.join(', ')}; baal score feeds rows to one input`,
    );
  }
  const inputShape = shapeOf(path, input, rowShape);
  const kind = options.kind ?? outputKind(graph, output);
  if (kind === undefined) {
    const last = lastOperator(graph, output)?.opType ?? 'an input';
    throw new ConfigError(
      `${path}: what output '${output}' means cannot be read off its last operator, ${last}; expected ` +
        `--kind with one of ${predictionKinds.join(', ')} (logits for the classes of a softmax)`,
    );
  }
  const base = createModel(
    { ...graph, inputs: used },
    // Nothing is trained: a model of constants alone can be scored too.
    { kind, output, trainable: parametersOf(graph), inputShapes: { [input.name]: inputShape } },
  );
  const { model, notes } = bayesian(path, base, options);
  return compile(await loadOnnxRuntime(), { model, input, inputShape, notes }, options);
}

async function compile(
  runtime: OnnxRuntime,
  parts: Pick<ScoringModel, 'input' | 'inputShape' | 'notes'> & { readonly model: Model },
  options: ScoreOptions,
): Promise<ScoringModel> {
  const { model, input, inputShape } = parts;
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
  return {
    kind: model.kind,
    input,
    inputShape,
    sampled,
    deterministic,
    notes: [...parts.notes, ...fellBack],
    async dispose() {
      await deterministic.dispose();
      if (sampled !== deterministic) await sampled.dispose();
    },
  };
}

/** The value of a name, or the first one. */
function named(
  option: string,
  name: string | undefined,
  values: readonly ValueInfo[],
  path: string,
): ValueInfo {
  const found = name === undefined ? values[0] : values.find((value) => value.name === name);
  if (found !== undefined) return found;
  throw new ConfigError(
    `${option}: ${path} has no '${name ?? ''}', expected one of ${values.map((value) => value.name).join(', ')}`,
  );
}

/** Rows fit if they hold as many values as the model takes, whatever the axes. */
function shapeOf(path: string, input: ValueInfo, row: readonly number[]): readonly number[] {
  const declared = input.shape?.slice(1) ?? [];
  if (declared.every((extent): extent is number => typeof extent === 'number')) {
    if (input.shape === undefined || sizeOf(declared) === sizeOf(row)) {
      return input.shape === undefined ? row : declared;
    }
  } else if (
    declared.length === row.length &&
    declared.every((extent, i) => typeof extent !== 'number' || extent === row[i])
  ) {
    return row;
  }
  throw new ShapeError(
    `${path}: rows do not fit the input '${input.name}', expected [${declared.map((d) => d ?? '?').join(', ')}], ` +
      `got [${row.join(', ')}]; check --columns, --id and --label, or give --shape`,
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

function hasDropout(model: Model): boolean {
  return prune(model.graph, [model.output]).nodes.some((node) => node.opType === 'Dropout');
}
