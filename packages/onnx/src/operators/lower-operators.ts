import { type Graph, operatorName } from '../graph/graph.ts';
import { rewriteNodes } from '../graph/rewrite.ts';
import { settledConstant, type Trace, type TracedValue } from '../runtime/trace.ts';
import { lowerings } from './lowerings.ts';

/** Replaces every node that has a lowering; names of values stay. */
export function lowerOperators(graph: Graph, trace: Trace): Graph {
  const value = (name: string): TracedValue => {
    const found = trace.values.get(name);
    if (found === undefined) throw new TypeError(`lowerOperators: value "${name}" was not traced`);
    return found;
  };
  return rewriteNodes(graph, (g, node) => {
    const lowering = lowerings.get(operatorName(node));
    if (lowering === undefined) return false;
    const results = lowering({
      g,
      node,
      input: (i) => node.inputs[i] ?? '',
      value,
      constant: (name) => graph.initializers.get(name) ?? settledConstant(trace, name),
    });
    node.outputs.forEach((name, i) => {
      if (name === '') return;
      g.node({
        // A name is of one node only.
        name: i === 0 ? node.name : '',
        opType: 'Identity',
        domain: '',
        inputs: [results[i] as string],
        outputs: [name],
        attributes: {},
      });
    });
    return true;
  }).build();
}
