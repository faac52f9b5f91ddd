import type { Cut } from '../bayesian/cut.ts';
import type { Graph, Node } from '../graph/graph.ts';
import { GraphBuilder } from '../graph/graph-builder.ts';
import { readsOf, withReads } from '../graph/reads.ts';
import type { TensorData } from '../graph/tensor-data.ts';
import { dropoutRatio, type MaskSharing } from '../model.ts';
import { batchExtent, type Trace, type TracedValue } from '../runtime/trace.ts';
import { type Fold, findFolds } from './fold.ts';
import { declaredMaskShape, maskLayout, type SuffixMask } from './suffix-mask.ts';

/** A dropout in front of a matrix product with constant weights: the mask goes into the weights. */
export interface FoldedMask {
  /** Name of the input that takes the masked weights, `[K·H, D]`, or fewer rows with a Dropout behind. */
  readonly name: string;
  /** Number of the Dropout node in the model. */
  readonly node: number;
  /** Dropout rate. */
  readonly ratio: number;
  /** Weights `[D, H]`, or `[H, D]` if `transposed`. */
  readonly weight: TensorData;
  /** Whether the weights are `[H, D]`. */
  readonly transposed: boolean;
  /** The Dropout that drops outputs of the product: what it drops is not computed. */
  readonly behind: DropoutBehind | undefined;
}

/** A Dropout behind a folded product. */
export interface DropoutBehind {
  /** Number of the Dropout node in the model. */
  readonly node: number;
  /** Dropout rate. */
  readonly ratio: number;
  /** Name of the input that says which row of the masked weights makes which output, `[K·H]`. */
  readonly places: string;
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
 * over the K passes: `[B, 1, ...] · mask [1, K, ...]`, or `[B, D] · W'ᵀ` with the K masked copies of
 * the weights on top of each other, so that K·B copies of the widest value are never made.
 */
export function buildSuffix(
  graph: Graph,
  trace: Trace,
  cut: Cut,
  settings: SuffixSettings,
): Suffix {
  const folds = settings.fold && settings.masks === 'joint' ? findFolds(graph, trace, cut) : [];
  const skipped = new Set(folds.flatMap((fold) => [fold.dropout, ...fold.chain]));
  const foldOf = new Map(folds.map((fold) => [fold.product, fold]));
  const builder = new SuffixBuilder(graph, trace, cut, settings);
  for (const node of cut.suffix) {
    const fold = foldOf.get(node);
    if (skipped.has(node)) continue;
    if (fold !== undefined) builder.foldedProduct(fold);
    else if (node.opType === 'Dropout') builder.dropout(node);
    else builder.ordinary(node);
  }
  return builder.build();
}

class SuffixBuilder {
  readonly #graph: Graph;
  readonly #trace: Trace;
  readonly #settings: SuffixSettings;
  readonly #g: GraphBuilder;
  /** Values that have K·B rows. */
  readonly #inSuffix: ReadonlySet<string>;
  readonly #numberOf: ReadonlyMap<Node, number>;
  readonly #boundary = new Set<string>();
  readonly #wide = new Map<string, string>();
  readonly #masks: SuffixMask[] = [];
  readonly #folded: FoldedMask[] = [];

  constructor(graph: Graph, trace: Trace, cut: Cut, settings: SuffixSettings) {
    this.#graph = graph;
    this.#trace = trace;
    this.#settings = settings;
    this.#inSuffix = new Set(cut.suffix.flatMap((node) => node.outputs));
    this.#numberOf = new Map(
      graph.nodes.filter((node) => node.opType === 'Dropout').map((node, i) => [node, i]),
    );
    const needed = new Set(cut.suffix.flatMap(readsOf));
    this.#g = new GraphBuilder({
      name: 'suffix',
      inputs: [],
      outputs: [],
      nodes: [],
      initializers: new Map([...graph.initializers].filter(([name]) => needed.has(name))),
      opsets: graph.opsets,
    });
    for (const name of this.#inSuffix) this.#g.reserve(name);
  }

  /** A node that runs on K·B rows as it would on B. */
  ordinary(node: Node): void {
    const names = readsOf(node).filter((name) => !this.#graph.initializers.has(name));
    this.#g.node(withReads(node, new Map(names.map((name) => [name, this.#widened(name)]))));
  }

  /** A dropout: a product with its mask, which spreads a boundary value over the passes as well. */
  dropout(node: Node): void {
    const g = this.#g;
    const data = node.inputs[0] as string;
    const ratio = dropoutRatio(this.#graph, node);
    if (ratio === 0) {
      this.#identity(node, this.#widened(data));
      return;
    }
    const { passes: K } = this.#settings;
    const value = this.#value(data);
    const mask = maskLayout(value, this.#trace.batchSize, this.#settings.masks);
    const { batchAxis: axis } = mask;
    const name = g.fresh(`mask/${node.outputs[0]}`);
    g.input({ name, type: 'float32', shape: declaredMaskShape(mask, K) });
    this.#masks.push({ ...mask, name, node: this.#number(node), ratio });
    if (mask.perItem !== 1) {
      this.#identity(node, g.op('Mul', [this.#widened(data), name]));
      return;
    }
    const apart = this.#inSuffix.has(data)
      ? g.op('Reshape', [data, g.ints(value.shape.flatMap((n, i) => (i === axis ? [-1, K] : [n])))])
      : g.op('Unsqueeze', [this.#narrow(data), g.ints([axis + 1])]);
    this.#identity(node, this.#merged(g.op('Mul', [apart, name]), value));
  }

  /** Dropout, reshapes and product in one: the value times K masked copies of the weights. */
  foldedProduct(fold: Fold): void {
    const g = this.#g;
    const { passes: K } = this.#settings;
    const name = g.fresh(`masked/${fold.weightName}`);
    const behind = this.#dropoutBehind(fold, name);
    const height = behind === undefined ? K * fold.units : `rows of ${name}`;
    g.input({ name, type: 'float32', shape: [height, fold.inputs] });
    this.#folded.push({
      name,
      node: this.#number(fold.dropout),
      ratio: dropoutRatio(this.#graph, fold.dropout),
      weight: fold.weight,
      transposed: fold.transposed,
      behind,
    });
    const source = this.#narrow(fold.source);
    const flat =
      fold.chain.length === 0 ? source : g.op('Reshape', [source, g.ints([-1, fold.inputs])]);
    const product = g.op('Gemm', [flat, name], { transB: 1 });
    const all =
      behind === undefined ? product : g.op('Gather', [product, behind.places], { axis: 1 });
    const rows = g.op('Reshape', [all, g.ints([-1, fold.units])]);
    const bias = fold.product.inputs[2] ?? '';
    this.#identity(fold.product, bias === '' ? rows : g.op('Add', [rows, bias]));
  }

  #dropoutBehind({ behind, units }: Fold, weights: string): DropoutBehind | undefined {
    if (behind === undefined) return undefined;
    const places = this.#g.fresh(`places/${weights}`);
    this.#g.input({ name: places, type: 'int32', shape: [this.#settings.passes * units] });
    return { node: this.#number(behind), ratio: dropoutRatio(this.#graph, behind), places };
  }

  build(): Suffix {
    for (const { name } of this.#graph.outputs) this.#g.output(name);
    return {
      graph: this.#g.build(),
      boundary: [...this.#boundary],
      masks: this.#masks,
      folded: this.#folded,
    };
  }

  /** A boundary value as it comes from the prefix, with B rows. */
  #narrow(name: string): string {
    if (this.#boundary.has(name)) return name;
    const { type, shape, batchAxes } = this.#value(name);
    const free = this.#trace.dynamicBatch ? batchAxes : [];
    this.#boundary.add(name);
    this.#g.input({
      name,
      type,
      shape: shape.map((extent, axis) => (free.includes(axis) ? batchExtent() : extent)),
    });
    return name;
  }

  /** A value with K·B rows; those of a boundary value are repeated, the copies of an item together. */
  #widened(name: string): string {
    if (this.#inSuffix.has(name)) return name;
    const known = this.#wide.get(name);
    if (known !== undefined) return known;
    const g = this.#g;
    const { passes: K } = this.#settings;
    const value = this.#value(this.#narrow(name));
    const [axis] = value.batchAxes;
    let wide = name;
    if (axis !== undefined && K > 1) {
      const apart = g.op('Unsqueeze', [name, g.ints([axis + 1])]);
      const copies = [...value.shape.map(() => 1), 1];
      copies[axis + 1] = K;
      wide = this.#merged(g.op('Expand', [apart, g.ints(copies)]), value);
    }
    this.#wide.set(name, wide);
    return wide;
  }

  /** `[.., B, K, ..]` to `[.., B·K, ..]`. */
  #merged(name: string, { shape, batchAxes }: TracedValue): string {
    const merged = shape.map((extent, axis) => (axis === (batchAxes[0] ?? 0) ? -1 : extent));
    return this.#g.op('Reshape', [name, this.#g.ints(merged)]);
  }

  #identity(node: Node, input: string): void {
    const outputs = node.outputs.slice(0, 1);
    this.#g.node({
      name: node.name,
      opType: 'Identity',
      domain: '',
      inputs: [input],
      outputs,
      attributes: {},
    });
  }

  #number(node: Node): number {
    return this.#numberOf.get(node) as number;
  }

  #value(name: string): TracedValue {
    const value = this.#trace.values.get(name);
    if (value === undefined) throw new TypeError(`buildSuffix: value "${name}" was not traced`);
    return value;
  }
}
