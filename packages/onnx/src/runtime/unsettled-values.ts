import { type Graph, intAttribute, type Node } from '../graph/graph.ts';
import type { TensorArray } from '../graph/tensor-data.ts';

/** What one run saw of a value: its extents, and its numbers where it is a small setting. */
export interface SeenValue {
  readonly shape: readonly number[];
  readonly data?: TensorArray;
}

/** Operators whose results have as many elements as the data say. */
const countsData: ReadonlySet<string> = new Set([
  'Compress',
  'NonMaxSuppression',
  'NonZero',
  'SequenceAt',
  'Unique',
]);

/** Which inputs say what extents a result has. */
const extentInputs: Readonly<Record<string, readonly number[]>> = {
  AffineGrid: [1],
  CenterCropPad: [1],
  Col2Im: [1, 2],
  ConstantOfShape: [0],
  Expand: [1],
  MaxUnpool: [2],
  OneHot: [1],
  Pad: [1],
  Range: [0, 1, 2],
  Reshape: [1],
  Resize: [2, 3],
  Slice: [1, 2, 3, 4],
  Split: [1],
  Tile: [1],
  TopK: [1],
  Upsample: [1],
};

/** Operators that may cut an axis that grows to one that does not, as long as there is enough to cut. */
const cuts: ReadonlySet<string> = new Set([
  ...[
    'AveragePool',
    'CenterCropPad',
    'Conv',
    'LpPool',
    'MaxPool',
    'Resize',
    'Slice',
    'Split',
    'TopK',
  ],
]);

/** Operators whose elements come from the elements at the same place of all inputs. */
const elementwise: ReadonlySet<string> = new Set([
  ...['Abs', 'Add', 'And', 'Cast', 'Ceil', 'Div', 'Equal', 'Floor', 'Greater', 'GreaterOrEqual'],
  ...['Identity', 'Less', 'LessOrEqual', 'Max', 'Min', 'Mod', 'Mul', 'Neg', 'Not', 'Or', 'Sqrt'],
  ...['Sub', 'Where'],
]);

/** Operators that give the elements of their first input another shape. */
const reshapes: ReadonlySet<string> = new Set(['Flatten', 'Reshape', 'Squeeze', 'Unsqueeze']);

/**
 * The values whose numbers or extents may differ at other batch sizes or on other data than those that were run, even
 * if the runs saw them equal: `batch > 1` is true of 2 and of 3. What follows a number that comes from an extent of the
 * batch is such a value, and what follows an operator that counts the data or cuts the batch.
 *
 * @param runs what was seen of all values, at one or two batch sizes
 */
export function unsettledValues(
  graph: Graph,
  runs: readonly ReadonlyMap<string, SeenValue>[],
): ReadonlySet<string> {
  const found = new Unsettled(graph, runs);
  for (const node of graph.nodes) found.visit(node);
  return new Set([...found.open, ...found.moved.keys()]);
}

class Unsettled {
  /** Values whose extents say nothing. */
  readonly open = new Set<string>();
  /** Of settings, which elements come from the batch size; absent where none does. */
  readonly moved = new Map<string, readonly boolean[]>();
  readonly #graph: Graph;
  readonly #first: ReadonlyMap<string, SeenValue>;
  readonly #second: ReadonlyMap<string, SeenValue>;

  constructor(graph: Graph, [first, second = first]: readonly ReadonlyMap<string, SeenValue>[]) {
    this.#graph = graph;
    this.#first = first ?? new Map();
    this.#second = second ?? new Map();
  }

  visit(node: Node): void {
    const open = this.#hasOpenExtents(node);
    for (const name of node.outputs) {
      if (name === '') continue;
      if (open) this.open.add(name);
      const size = this.#first.get(name)?.data?.length;
      if (size === undefined) continue;
      const moved = this.#movedElements(node, size);
      if (moved.includes(true)) this.moved.set(name, moved);
    }
  }

  #hasOpenExtents({ opType, inputs, outputs, attributes }: Node): boolean {
    if (opType === 'Shape' || opType === 'Size') return false;
    if (inputs.some((name) => this.open.has(name)) || countsData.has(opType)) return true;
    if (Object.values(attributes).some((value) => 'graph' in value)) return true;
    if (cuts.has(opType)) {
      const kept = this.#batchAxes(outputs[0] ?? '');
      if (this.#batchAxes(inputs[0] ?? '').some((axis) => !kept.includes(axis))) return true;
    }
    return (extentInputs[opType] ?? []).some((i) => this.#hidesBatch(inputs[i] ?? ''));
  }

  /** Whether an extent is not known, or comes from the batch and still is the same in both runs. */
  #hidesBatch(name: string): boolean {
    if (name === '' || this.#graph.initializers.has(name)) return false;
    const [first, second] = [this.#first.get(name)?.data, this.#second.get(name)?.data];
    if (first === undefined || second === undefined) return true;
    return (this.moved.get(name) ?? []).some((moved, i) => moved && first[i] === second[i]);
  }

  #movedElements(node: Node, size: number): readonly boolean[] {
    const { opType, inputs } = node;
    const source = inputs[0] ?? '';
    if (opType === 'Shape' || opType === 'Size') {
      const axes = this.#batchAxes(source);
      if (opType === 'Size' || this.open.has(source)) {
        return new Array<boolean>(size).fill(this.open.has(source) || axes.length > 0);
      }
      const start = intAttribute(node, 'start', 0);
      const from = start < 0 ? start + (this.#first.get(source)?.shape.length ?? 0) : start;
      return Array.from({ length: size }, (_, i) => axes.includes(from + i));
    }
    const parts = inputs.map((name) => this.moved.get(name) ?? []);
    // What has as many elements as the batch says is of the batch too.
    const none = parts.every((part) => part.length === 0);
    if (none) return new Array<boolean>(size).fill(inputs.some((name) => this.open.has(name)));
    const picked = this.#pickedElements(node, size);
    if (picked !== undefined) return picked;
    return new Array<boolean>(size).fill(parts.some((part) => part.includes(true)));
  }

  /** For operators that put elements of their inputs to other places, or compute with those of one place. */
  #pickedElements({ opType, inputs }: Node, size: number): readonly boolean[] | undefined {
    const flags = (name: string): readonly boolean[] =>
      this.moved.get(name) ?? new Array<boolean>(this.#tensor(name)?.data.length ?? 0).fill(false);
    const [source = '', indices = ''] = inputs;
    const flat = (this.#first.get(source)?.shape.length ?? 0) <= 1;
    if (reshapes.has(opType)) return flags(source);
    if (elementwise.has(opType)) {
      const given = inputs.map(flags);
      if (!given.every(({ length }) => length === size || length === 1)) return undefined;
      return Array.from({ length: size }, (_, i) =>
        given.some((part) => part[part.length === 1 ? 0 : i]),
      );
    }
    if (opType === 'Gather' && flat && !this.moved.has(indices)) {
      const from = flags(source);
      return this.#numbers(indices)?.map((i) => from.at(i) ?? true);
    }
    if (opType === 'Slice' && flat && inputs.slice(1).every((name) => !this.moved.has(name))) {
      const [start, end, , step] = inputs.slice(1).map((name) => this.#numbers(name)?.[0]);
      if (start === undefined || end === undefined || (step ?? 1) !== 1) return undefined;
      return flags(source).slice(start, end);
    }
    if (opType === 'Concat') {
      const vectors = inputs.every((name) => this.#tensor(name)?.shape.length === 1);
      return vectors ? inputs.flatMap(flags) : undefined;
    }
    return undefined;
  }

  /** A setting or a constant. */
  #tensor(name: string): Required<SeenValue> | undefined {
    const { shape = [], data } = this.#first.get(name) ?? {};
    return data === undefined ? this.#graph.initializers.get(name) : { shape, data };
  }

  #numbers(name: string): number[] | undefined {
    const { data } = this.#tensor(name) ?? {};
    return data && Array.from(data as Iterable<number | bigint>, Number);
  }

  #batchAxes(name: string): number[] {
    const [first, second] = [this.#first.get(name)?.shape, this.#second.get(name)?.shape];
    return (first ?? []).flatMap((extent, axis) => (extent === second?.[axis] ? [] : [axis]));
  }
}
