import { DataError } from '@baal/core';
import type onnxProto from 'onnx-proto';
import { functionDefaults } from './function-defaults.ts';
import { functionKey, type LocalFunction } from './inline-functions.ts';
import { changedNode } from './operator-versions.ts';
import { opsetsOf } from './opsets.ts';

/** Before it, axes of Softmax, Squeeze, ReduceSum and others were given in another way. */
const OLDEST = 13;

type ModelProto = onnxProto.onnx.IModelProto;
type NodeProto = onnxProto.onnx.INodeProto;

/**
 * The functions of a model. Their operator sets are added to those of the model; where a function has another
 * standard operator set than the model, the latest of all is taken, if every node means the same in it.
 *
 * @throws DataError for two functions of one name, and for operator sets that cannot be brought together.
 */
export function readFunctions(
  model: ModelProto,
  bytes: Uint8Array,
  opsets: Map<string, number>,
  where: string,
): Map<string, LocalFunction> {
  const functions = new Map<string, LocalFunction>();
  const protos = model.functions ?? [];
  if (protos.length === 0) return functions;
  const defaults = functionDefaults(bytes);
  const parts: Part[] = [
    { what: 'the model', nodes: model.graph?.node ?? [], version: opsets.get('') ?? 0 },
  ];
  for (const [i, proto] of protos.entries()) {
    const key = functionKey(proto.domain ?? '', proto.name ?? '');
    if (functions.has(key)) {
      throw new DataError(
        `${where}: function ${key} is there twice, expected one function a name; overloads are not supported`,
      );
    }
    functions.set(key, { proto, defaults: defaults[i] ?? [] });
    const own = opsetsOf(proto.opsetImport, `${where}: function ${key}`);
    for (const [domain, version] of own) {
      if (domain === '') {
        parts.push({ what: `function ${key}`, nodes: proto.node ?? [], version });
        continue;
      }
      const other = opsets.get(domain);
      if (other !== undefined && other !== version) {
        throw new DataError(
          `${where}: function ${key} uses operator set ${version} of domain "${domain}" and the model ${other}, expected the same; export the model again with one version`,
        );
      }
      opsets.set(domain, version);
    }
  }
  opsets.set('', commonVersion(parts, where));
  return functions;
}

/** Nodes of one operator set. */
interface Part {
  readonly what: string;
  readonly nodes: readonly NodeProto[];
  readonly version: number;
}

function commonVersion(parts: readonly Part[], where: string): number {
  const latest = Math.max(...parts.map(({ version }) => version));
  for (const { what, nodes, version } of parts) {
    // Of older ones the changes are not listed.
    const listed = version === latest || version >= OLDEST;
    const changed = listed ? changedNode(nodes, version, latest) : nodes[0];
    if (changed !== undefined) {
      throw new DataError(
        `${where}: ${what} uses operator set ${version} and other parts ${latest}, in which ${changed.opType} "${changed.name || changed.output?.[0]}" means something else, expected one version; export the model again with one`,
      );
    }
  }
  return latest;
}
