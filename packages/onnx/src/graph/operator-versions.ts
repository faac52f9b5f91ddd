import type onnxProto from 'onnx-proto';

type NodeProto = onnxProto.onnx.INodeProto;

interface Change {
  /** The operator set from which on a node as it stands means something else, or nothing. */
  readonly version: number;
  /** Which nodes that concerns; all of them by default. */
  readonly concerns?: (node: NodeProto) => boolean;
}

const has =
  (name: string) =>
  ({ attribute }: NodeProto): boolean =>
    (attribute ?? []).some((given) => given.name === name);

const axesAsAttribute: Change = { version: 18, concerns: has('axes') };

/**
 * What changed from operator set 13 to 21 so that an older node cannot stand in a newer graph. All other changes
 * added something.
 *
 * @see https://github.com/onnx/onnx/blob/main/docs/Changelog.md
 */
const changes: ReadonlyMap<string, Change> = new Map<string, Change>([
  ['BatchNormalization', { version: 14, concerns: ({ output }) => (output ?? []).length > 1 }],
  ['DFT', { version: 20 }],
  // Its modes have other names.
  ['GridSample', { version: 20, concerns: has('mode') }],
  ['GroupNormalization', { version: 21 }],
  ...['L1', 'L2', 'LogSum', 'LogSumExp', 'Max', 'Mean', 'Min', 'Prod', 'SumSquare'].map(
    (name): [string, Change] => [`Reduce${name}`, axesAsAttribute],
  ),
  ['RoiAlign', { version: 16, concerns: (node) => !has('coordinate_transformation_mode')(node) }],
  ['Split', { version: 18, concerns: ({ input }) => (input ?? []).length < 2 }],
]);

/** The first standard node, also in subgraphs, that does not mean the same in a later operator set. */
export function changedNode(
  nodes: readonly NodeProto[],
  from: number,
  to: number,
): NodeProto | undefined {
  for (const node of nodes) {
    const change = ['', 'ai.onnx'].includes(node.domain ?? '')
      ? changes.get(node.opType ?? '')
      : undefined;
    if (change && from < change.version && change.version <= to) {
      if (change.concerns?.(node) ?? true) return node;
    }
    for (const { g } of node.attribute ?? []) {
      const inside = changedNode(g?.node ?? [], from, to);
      if (inside !== undefined) return inside;
    }
  }
  return undefined;
}
