import { floatAttribute, type Graph, intAttribute, type Node } from '../graph/graph.ts';
import { GraphBuilder } from '../graph/graph-builder.ts';
import { consumersOf } from '../graph/rewrite.ts';
import { sizeOf, type TensorData } from '../graph/tensor-data.ts';
import { dropoutRatio, type MaskSharing } from '../model.ts';
import { batchExtent, type Trace } from '../runtime/trace.ts';
import type { Cut } from './cut.ts';

/** A mask that the suffix reads. */
export interface SuffixMask {
  /** Name of the input. */
  readonly name: string;
  /** Number of the Dropout node in the model. */
  readonly node: number;
  /** Dropout rate. */
  readonly ratio: number;
  /** Extents of one item's mask, without batch axis. */
  readonly itemShape: readonly number[];
  /** Place of the batch axis among the axes of the masked value. */
  readonly batchAxis: number;
  /** `joint`: one mask a pass for all items; `marginal`: one for each item. */
  readonly sharing: MaskSharing;
  /** Rows an item on the batch axis; more than 1 only for marginal masks. */
  readonly perItem: number;
}

/** A dropout in front of a matrix product with constant weights: the mask goes into the weights. */
export interface FoldedMask {
  /** Name of the input that takes the masked weights, `[D, K·H]`. */
  readonly name: string;
  /** Number of the Dropout node in the model. */
  readonly node: number;
  /** Dropout rate. */
  readonly ratio: number;
  /** Weights `[D, H]`, or `[H, D]` if `transposed`. */
  readonly weight: TensorData;
  /** Whether the weights are `[H, D]`. */
  readonly transposed: boolean;
}

/** The part of a model that runs K times, as one graph over K·B rows, the passes of an item together. */
export interface Suffix {
  /** Inputs: boundary values, masks, masked weights. Output: the model's output with K·B rows. */
  readonly graph: Graph;
  /** Values to take from the prefix. */
  readonly boundary: readonly string[];
  /** Masks to feed. */
  readonly masks: readonly SuffixMask[];
  /** Masked weights to feed. */
  readonly folded: readonly FoldedMask[];
}

/** Settings of {@link buildSuffix}. */
export interface SuffixSettings {
  /** K: passes in one run. */
  readonly passes: number;
  /** How masks are shared. */
  readonly masks: MaskSharing;
  /** Whether masks may go into weights; joint masks only. */
  readonly fold: boolean;
}

/**
 * Builds the suffix of a cut. Boundary values keep their B rows until a mask or a weight spreads them
 * over the K passes: `[B, 1, ...] · mask [1, K, ...]`, or `[B, D] · W'` with the K masked copies of
 * the weights side by side, so that K·B copies of the widest value are never made.
 */
export function buildSuffix(
  graph: Graph,
  trace: Trace,
  cut: Cut,
  settings: SuffixSettings,
): Suffix {
  const { passes: K } = settings;
  const numberOf = new Map(
    graph.nodes.filter((node) => node.opType === 'Dropout').map((node, i) => [node, i]),
  );
  const folds = settings.fold && settings.masks === 'joint' ? findFolds(graph, trace, cut) : [];
  const skipped = new Set(folds.flatMap((fold) => [fold.dropout, ...fold.chain]));
  const foldOf = new Map(folds.map((fold) => [fold.product, fold]));
  const g = new GraphBuilder({
    name: 'suffix',
    inputs: [],
    outputs: [],
    nodes: [],
    initializers: new Map(),
    opsets: graph.opsets,
  });
  for (const node of cut.suffix) for (const name of node.outputs) g.reserve(name);
  const suffixNodes = new Set(cut.suffix);
  const needed = new Set(cut.suffix.flatMap((node) => node.inputs));
  for (const [name, tensor] of graph.initializers)
    if (needed.has(name)) g.initializer(name, tensor);
  const inSuffix = new Set([...suffixNodes].flatMap((node) => node.outputs));

  const masks: SuffixMask[] = [];
  const folded: FoldedMask[] = [];
  const boundary: string[] = [];
  const narrow = (name: string): string => {
    if (!boundary.includes(name)) {
      const value = trace.values.get(name);
      if (value === undefined) throw new TypeError(`buildSuffix: value "${name}" was not traced`);
      boundary.push(name);
      const [axis] = value.batchAxes;
      const shape = value.shape.map((extent, i) =>
        i !== axis ? extent : trace.dynamicBatch ? batchExtent() : extent,
      );
      g.input({ name, type: value.type, shape });
    }
    return name;
  };
  const wide = new Map<string, string>();
  /** A boundary value with its rows repeated K times, the copies of an item together. */
  const widened = (name: string): string => {
    const known = wide.get(name);
    if (known !== undefined) return known;
    const { shape, batchAxes } = trace.values.get(narrow(name)) ?? { shape: [], batchAxes: [] };
    const [axis] = batchAxes;
    let result = name;
    if (axis !== undefined && K > 1) {
      const spread = g.op('Unsqueeze', [name, g.ints([axis + 1])]);
      const copies = [...shape.slice(0, axis), 1, K, ...shape.slice(axis + 1)].map((_, i) =>
        i === axis + 1 ? K : 1,
      );
      result = merge(g, g.op('Expand', [spread, g.ints(copies)]), shape, axis);
    }
    wide.set(name, result);
    return result;
  };

  for (const node of cut.suffix) {
    if (skipped.has(node)) continue;
    const fold = foldOf.get(node);
    if (fold !== undefined) {
      const masked = g.input({
        name: g.fresh(`masked/${fold.weightName}`),
        type: 'float32',
        shape: [fold.inputs, K * fold.units],
      });
      folded.push({
        name: masked,
        node: numberOf.get(fold.dropout) as number,
        ratio: dropoutRatio(graph, fold.dropout),
        weight: fold.weight,
        transposed: fold.transposed,
      });
      const source = narrow(fold.source);
      const flat =
        fold.chain.length === 0 ? source : g.op('Reshape', [source, g.ints([-1, fold.inputs])]);
      const all = g.op('Reshape', [g.op('MatMul', [flat, masked]), g.ints([-1, fold.units])]);
      const output = node.outputs[0] as string;
      const bias = node.inputs[2] ?? '';
      g.node({
        name: node.name,
        opType: bias === '' ? 'Identity' : 'Add',
        domain: '',
        inputs: bias === '' ? [all] : [all, bias],
        outputs: [output],
        attributes: {},
      });
      continue;
    }
    if (node.opType === 'Dropout') {
      const ratio = dropoutRatio(graph, node);
      const data = node.inputs[0] as string;
      const output = node.outputs[0] as string;
      if (ratio === 0) {
        g.node({
          name: '',
          opType: 'Identity',
          domain: '',
          inputs: [inSuffix.has(data) ? data : widened(data)],
          outputs: [output],
          attributes: {},
        });
        continue;
      }
      const value = trace.values.get(data) ?? { shape: [], batchAxes: [] };
      const mask = describeMask(value, trace.batchSize, settings.masks);
      const name = g.fresh(`mask/${output}`);
      masks.push({ ...mask, name, node: numberOf.get(node) as number, ratio });
      const spread = mask.perItem === 1;
      const shape = maskShape(mask, K, undefined);
      g.input({ name, type: 'float32', shape });
      const { batchAxis: axis } = mask;
      let product: string;
      if (!spread) {
        product = g.op('Mul', [inSuffix.has(data) ? data : widened(data), name]);
      } else if (inSuffix.has(data)) {
        const apart = [...value.shape.slice(0, axis), -1, K, ...value.shape.slice(axis + 1)];
        product = merge(
          g,
          g.op('Mul', [g.op('Reshape', [data, g.ints(apart)]), name]),
          value.shape,
          axis,
        );
      } else {
        product = merge(
          g,
          g.op('Mul', [g.op('Unsqueeze', [narrow(data), g.ints([axis + 1])]), name]),
          value.shape,
          axis,
        );
      }
      g.node({
        name: node.name,
        opType: 'Identity',
        domain: '',
        inputs: [product],
        outputs: [output],
        attributes: {},
      });
      continue;
    }
    g.node({
      ...node,
      inputs: node.inputs.map((name) =>
        name === '' || inSuffix.has(name) || graph.initializers.has(name) ? name : widened(name),
      ),
    });
  }
  for (const output of graph.outputs) g.output(output.name);
  return { graph: g.build(), boundary, masks, folded };
}

/** `[.., B, K, ..]` to `[.., B·K, ..]`. */
function merge(g: GraphBuilder, name: string, shape: readonly number[], axis: number): string {
  return g.op('Reshape', [name, g.ints(shape.map((extent, i) => (i === axis ? -1 : extent)))]);
}

function describeMask(
  value: { readonly shape: readonly number[]; readonly batchAxes: readonly number[] },
  batchSize: number,
  masks: MaskSharing,
): Pick<SuffixMask, 'itemShape' | 'batchAxis' | 'sharing' | 'perItem'> {
  const batchAxis = value.batchAxes[0] ?? 0;
  const perItem = (value.shape[batchAxis] as number) / batchSize;
  return {
    itemShape: value.shape.filter((_, axis) => axis !== batchAxis),
    batchAxis,
    // Rows of one item that are several cannot be told apart from rows of several items.
    sharing: perItem === 1 ? masks : 'marginal',
    perItem,
  };
}

/** Extents of a mask tensor for a number of items; with `items` undefined, as the graph declares it. */
export function maskShape(
  mask: Pick<SuffixMask, 'itemShape' | 'batchAxis' | 'sharing' | 'perItem'>,
  passes: number,
  items: number,
): number[];
export function maskShape(
  mask: Pick<SuffixMask, 'itemShape' | 'batchAxis' | 'sharing' | 'perItem'>,
  passes: number,
  items: undefined,
): (number | string)[];
export function maskShape(
  {
    itemShape,
    batchAxis,
    sharing,
    perItem,
  }: Pick<SuffixMask, 'itemShape' | 'batchAxis' | 'sharing' | 'perItem'>,
  passes: number,
  items: number | undefined,
): (number | string)[] {
  const before = itemShape.slice(0, batchAxis);
  const after = itemShape.slice(batchAxis);
  if (perItem !== 1) {
    return [
      ...before,
      items === undefined ? batchExtent(perItem * passes) : items * perItem * passes,
      ...after,
    ];
  }
  const rows = sharing === 'joint' ? 1 : (items ?? batchExtent());
  return [...before, rows, passes, ...after];
}

interface Fold {
  readonly dropout: Node;
  readonly chain: readonly Node[];
  readonly product: Node;
  readonly source: string;
  readonly weightName: string;
  readonly weight: TensorData;
  readonly transposed: boolean;
  readonly inputs: number;
  readonly units: number;
}

/** Dropout nodes at the cut that lead, by reshapes to one vector an item only, to a product with constant weights. */
function findFolds(graph: Graph, trace: Trace, cut: Cut): Fold[] {
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
      const transposed = intAttribute(reader, 'transB', 0) === 1;
      const plain =
        reader.opType === 'MatMul' ||
        (reader.opType === 'Gemm' &&
          intAttribute(reader, 'transA', 0) === 0 &&
          floatAttribute(reader, 'alpha', 1) === 1 &&
          floatAttribute(reader, 'beta', 1) === 1);
      if (
        plain &&
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
        });
      }
      break;
    }
  }
  return folds;
}
