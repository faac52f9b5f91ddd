import { BaalError } from '@baal/core';
import { describeNode, floatAttribute, type Node, stringAttribute } from '../graph/graph.ts';
import type { AttributeValue, GraphBuilder } from '../graph/graph-builder.ts';
import type { Lowering } from './lowering.ts';

/** X · Φ(X) = X/2 · (1 + erf(X/√2)). */
export const fusedGelu: Lowering = ({ g, input }) => [exactGelu(g, input(0))];

/** The same of X + bias. */
export const biasGelu: Lowering = ({ g, input }) => [
  exactGelu(g, g.op('Add', [input(0), input(1)])),
];

function exactGelu(g: GraphBuilder, x: string): string {
  const erf = g.op('Erf', [g.op('Mul', [x, g.float(Math.SQRT1_2)])]);
  const half = g.op('Mul', [x, g.float(0.5)]);
  return g.op('Mul', [half, g.op('Add', [erf, g.float(1)])]);
}

/** X/2 · (1 + tanh(√(2/π)(X + 0.044715 X³))), of X + bias where there is one. */
export const fastGelu: Lowering = ({ g, input }) => {
  const x = input(1) === '' ? input(0) : g.op('Add', [input(0), input(1)]);
  const c = Math.sqrt(2 / Math.PI);
  const cubic = g.op('Mul', [g.op('Mul', [x, x]), g.float(0.044715 * c)]);
  const inner = g.op('Mul', [x, g.op('Add', [cubic, g.float(c)])]);
  const half = g.op('Mul', [x, g.float(0.5)]);
  return [g.op('Mul', [half, g.op('Add', [g.op('Tanh', [inner]), g.float(1)])])];
};

/** X · σ(αX). */
export const quickGelu: Lowering = ({ g, node, input }) => {
  const x = input(0);
  const gate = g.op('Mul', [x, g.float(floatAttribute(node, 'alpha', 1.702))]);
  return [g.op('Mul', [x, g.op('Sigmoid', [gate])])];
};

/** Which attributes an activation takes, in the order of its parameters. */
const parameterNames: Readonly<Record<string, readonly string[]>> = {
  Elu: ['alpha'],
  HardSigmoid: ['alpha', 'beta'],
  LeakyRelu: ['alpha'],
};

/**
 * The activation that a fused node applies to its result, by its attribute `activation`.
 *
 * @param parameters values that the node gives for it
 * @throws BaalError (code `config`) for an activation that the runtime does not fuse.
 */
export function fusedActivation(
  g: GraphBuilder,
  node: Node,
  x: string,
  parameters: readonly number[],
): string {
  const activation = stringAttribute(node, 'activation', '');
  switch (activation) {
    case '':
      return x;
    case 'Relu':
    case 'Sigmoid':
    case 'Softplus':
    case 'Tanh':
      return g.op(activation, [x]);
    case 'Clip':
      return g.op('Clip', [x, ...parameters.map((bound) => g.float(bound))]);
    case 'Elu':
    case 'HardSigmoid':
    case 'LeakyRelu': {
      const names = parameterNames[activation] as readonly string[];
      const attributes: Record<string, AttributeValue> = {};
      parameters.slice(0, names.length).forEach((value, i) => {
        attributes[names[i] as string] = { float: value };
      });
      return g.op(activation, [x], attributes);
    }
    default:
      throw new BaalError(
        'config',
        `differentiate: ${describeNode(node)} applies "${activation}", expected Relu, Sigmoid, Tanh, Softplus, Clip, Elu, HardSigmoid or LeakyRelu; export the model without fusion`,
      );
  }
}
