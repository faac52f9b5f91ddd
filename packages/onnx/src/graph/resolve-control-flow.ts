import { Budget } from './budget.ts';
import { unrollControlFlow } from './control-flow.ts';
import type { Graph } from './graph.ts';
import { type Facts, knownValues } from './known-values.ts';
import { resolveSequences } from './static-sequences.ts';

/** Loops that make more nodes than this, all together, stay loops. */
const MOST_NODES = 10_000;

/** Sequences that list more members than this, all together, stay sequences. */
const MOST_MEMBERS = 1_000_000;

/**
 * The graph without control flow and sequences that are known before it runs: branches whose condition is constant,
 * loops with a constant number of rounds, lists of tensors.
 *
 * @param facts what runs have shown: with it, conditions and numbers that depend on extents only are known too; what
 *   depends on the batch size may not be among the facts
 */
export function resolveControlFlow(graph: Graph, facts?: Facts): Graph {
  const nodes = new Budget(MOST_NODES);
  const members = new Budget(MOST_MEMBERS);
  for (let current = graph; ; ) {
    const unrolled = unrollControlFlow(current, knownValues(current, facts), nodes);
    const next = resolveSequences(unrolled, knownValues(unrolled, facts), members);
    if (next === current) return current;
    current = next;
  }
}
