import { DataError } from '@baal/core';
import type { Graph } from './graph.ts';
import type { LocalFunction } from './inline-functions.ts';

/** An entry of a model's list. Said here: the types of the package that reads the file are not for our users. */
interface OpsetEntry {
  readonly domain?: string | null;
  readonly version?: unknown;
}

/** Operator set versions by domain. @throws DataError if a domain has two */
export function opsetsOf(
  entries: readonly OpsetEntry[] | null | undefined,
  where: string,
): Map<string, number> {
  const opsets = new Map<string, number>();
  for (const entry of entries ?? []) {
    const domain = standardDomain(entry.domain);
    const version = Number(entry.version ?? 0);
    const other = opsets.get(domain);
    if (other !== undefined && other !== version) {
      throw new DataError(
        `${where}: the model uses the operator sets ${other} and ${version} of domain "${domain}", expected one version a domain`,
      );
    }
    opsets.set(domain, version);
  }
  return opsets;
}

/** The standard operators have two names for one domain. */
export function standardDomain(domain: string | null | undefined): string {
  return domain === 'ai.onnx' ? '' : (domain ?? '');
}

/** Without the domains of functions, which are gone: the runtime need not know them. */
export function usedOpsets(
  graph: Graph,
  functions: ReadonlyMap<string, LocalFunction>,
): Readonly<Record<string, number>> {
  const gone = new Set([...functions.values()].map(({ proto }) => standardDomain(proto.domain)));
  const used = new Set(['']);
  const visit = ({ nodes }: Graph): void => {
    for (const { domain, attributes } of nodes) {
      used.add(domain);
      for (const value of Object.values(attributes)) if ('graph' in value) visit(value.graph);
    }
  };
  visit(graph);
  return Object.fromEntries(
    Object.entries(graph.opsets).filter(([domain]) => used.has(domain) || !gone.has(domain)),
  );
}
