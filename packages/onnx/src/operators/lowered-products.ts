import { type Attribute, floatAttribute, intAttribute, type Node } from '../graph/graph.ts';
import type { GraphBuilder } from '../graph/graph-builder.ts';
import { fusedActivation } from './lowered-activations.ts';
import type { Lowering, LoweringContext } from './lowering.ts';

/** α·A'·B', where `transBatchA` moves the first axis of A before its last and `transA` swaps the last two. */
export const fusedMatMul: Lowering = (context) => {
  const { g, node } = context;
  const alpha = floatAttribute(node, 'alpha', 1);
  const product = g.op('MatMul', [operand(context, 0, 'A'), operand(context, 1, 'B')]);
  return [alpha === 1 ? product : g.op('Mul', [product, g.float(alpha)])];
};

function operand({ g, node, input, value }: LoweringContext, i: number, side: string): string {
  const rank = value(input(i)).shape.length;
  let perm = Array.from({ length: rank }, (_, axis) => axis);
  if (rank > 1 && intAttribute(node, `transBatch${side}`, 0) === 1) {
    perm = [...perm.slice(1, -1), 0, rank - 1];
  }
  if (rank > 1 && intAttribute(node, `trans${side}`, 0) === 1) {
    perm = [...perm.slice(0, -2), perm[rank - 1] as number, perm[rank - 2] as number];
  }
  const same = perm.every((axis, position) => axis === position);
  return same ? input(i) : g.op('Transpose', [input(i)], { perm });
}

/** A Gemm, then its activation. */
export const fusedGemm: Lowering = ({ g, node, input }) => {
  const parameters = ['alpha', 'beta', 'gamma'].flatMap((name) => {
    const value = node.attributes[`activation_${name}`];
    return value !== undefined && 'float' in value ? [value.float] : [];
  });
  const inputs = [input(0), input(1), ...(input(2) === '' ? [] : [input(2)])];
  const y = standard(g, node, 'Gemm', inputs);
  return [fusedActivation(g, node, y, parameters)];
};

/** A Conv, plus Z where there is one, then its activation. */
export const fusedConv: Lowering = ({ g, node, input }) => {
  const z = input(3);
  const inputs = [input(0), input(1), ...(input(2) === '' ? [] : [input(2)])];
  const y = standard(g, node, 'Conv', inputs);
  const given = node.attributes.activation_params;
  const parameters = given !== undefined && 'floats' in given ? given.floats : [];
  const sum = z === '' ? y : g.op('Add', [y, z]);
  return [fusedActivation(g, node, sum, parameters)];
};

/** The standard operator with those attributes of the fused one that are its own. */
function standard(g: GraphBuilder, node: Node, opType: string, inputs: readonly string[]): string {
  const own = Object.entries(node.attributes).filter(
    ([name]): boolean => !name.startsWith('activation'),
  );
  return g.op(opType, inputs, Object.fromEntries(own) as Readonly<Record<string, Attribute>>);
}
