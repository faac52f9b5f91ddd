import type { Cut } from '../bayesian/cut.ts';
import { floatAttribute, type Graph, intAttribute, type Node } from '../graph/graph.ts';
import { consumersOf } from '../graph/rewrite.ts';
import { sizeOf, type TensorData } from '../graph/tensor-data.ts';
import { dropoutRatio } from '../model.ts';
import type { Trace } from '../runtime/trace.ts';

/** A dropout at the cut whose mask can go into the weights of the product behind it. */
export interface Fold {
  /** The Dropout node. */
  readonly dropout: Node;
  /** Reshapes between dropout and product. */
  readonly chain: readonly Node[];
  /** The product, Gemm or MatMul. */
  readonly product: Node;
  /** Value that is dropped. */
  readonly source: string;
  /** Name of the weights. */
  readonly weightName: string;
  /** Weights, `[inputs, units]`, or the other way round if `transposed`. */
  readonly weight: TensorData;
  /** Whether the weights are `[units, inputs]`. */
  readonly transposed: boolean;
  /** Values of one item that are dropped. */
  readonly inputs: number;
  /** Outputs of the product. */
  readonly units: number;
  /** The Dropout that drops outputs of the product, if there is one: what it drops need not be computed. */
  readonly behind: Node | undefined;
}

/** Functions of one element, finite at every finite number. */
const elementwise = new Set([
  'Celu',
  'Clip',
  'Elu',
  'Gelu',
  'HardSigmoid',
  'HardSwish',
  'Identity',
  'LeakyRelu',
  'Mish',
  'Relu',
  'Selu',
  'Sigmoid',
  'Softplus',
  'Softsign',
  'Tanh',
]);

/** Dropout nodes at the cut that lead, by reshapes to one vector an item only, to a product with constant weights. */
export function findFolds(graph: Graph, trace: Trace, cut: Cut): Fold[] {
  const made = new Set(cut.suffix.flatMap((node) => node.outputs));
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  const folds: Fold[] = [];
  for (const dropout of cut.suffix) {
    const source = dropout.inputs[0] ?? '';
    if (dropout.opType !== 'Dropout' || dropoutRatio(graph, dropout) === 0 || made.has(source))
      continue;
    const value = trace.values.get(source);
    if (value === undefined || value.batchAxes[0] !== 0 || value.shape[0] !== trace.batchSize)
      continue;
    const chain: Node[] = [];
    let current = dropout.outputs[0] as string;
    for (;;) {
      const readers = consumersOf(graph, current);
      const [reader] = readers;
      if (reader === undefined || readers.length !== 1 || outputs.has(current)) break;
      if (['Flatten', 'Reshape', 'Identity'].includes(reader.opType)) {
        chain.push(reader);
        current = reader.outputs[0] as string;
        continue;
      }
      const inputs = sizeOf(value.shape.slice(1));
      const flat = trace.values.get(current)?.shape ?? [];
      const weightName = reader.inputs[1] ?? '';
      const weight = graph.initializers.get(weightName);
      const bias = reader.inputs[2] ?? '';
      const transposed = intAttribute(reader, 'transB', 0) === 1;
      const plain =
        reader.opType === 'MatMul' ||
        (reader.opType === 'Gemm' &&
          intAttribute(reader, 'transA', 0) === 0 &&
          floatAttribute(reader, 'alpha', 1) === 1 &&
          floatAttribute(reader, 'beta', 1) === 1);
      if (
        plain &&
        (bias === '' || graph.initializers.has(bias)) &&
        reader.inputs[0] === current &&
        flat.length === 2 &&
        flat[1] === inputs &&
        weight?.shape.length === 2
      ) {
        const units = weight.shape[transposed ? 0 : 1] as number;
        folds.push({
          dropout,
          chain,
          product: reader,
          source,
          weightName,
          weight,
          transposed,
          inputs,
          units,
          behind: areFinite(weight, graph.initializers.get(bias))
            ? dropoutBehind(graph, trace, reader.outputs[0] as string)
            : undefined,
        });
      }
      break;
    }
  }
  return folds;
}

/** Whether no number is NaN or infinite: such a one times the 0 of a mask is NaN, which a row of zeros would hide. */
function areFinite(...tensors: readonly (TensorData | undefined)[]): boolean {
  return tensors.every(
    (tensor) =>
      tensor === undefined ||
      (tensor.data as Float32Array).every((value) => Number.isFinite(value)),
  );
}

/** The active Dropout that alone reads a vector, or functions of its elements and sums with finite constants. */
function dropoutBehind(graph: Graph, trace: Trace, made: string): Node | undefined {
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  const shape = trace.values.get(made)?.shape.join();
  let current = made;
  for (;;) {
    const [reader, ...others] = consumersOf(graph, current);
    if (reader === undefined || others.length > 0 || outputs.has(current)) return undefined;
    if (reader.opType === 'Dropout') {
      return dropoutRatio(graph, reader) > 0 ? reader : undefined;
    }
    const constant = reader.inputs.filter((name) => name !== current && name !== '');
    if (!elementwise.has(reader.opType) && reader.opType !== 'Add') return undefined;
    const tensors = constant.map((name) => graph.initializers.get(name));
    if (tensors.includes(undefined)) return undefined;
    if (reader.opType === 'Add' && !areFinite(...tensors)) return undefined;
    current = reader.outputs[0] as string;
    if (trace.values.get(current)?.shape.join() !== shape) return undefined;
  }
}
