import { positive } from './emit.ts';
import type { GradientContext, GradientRule } from './gradient-rule.ts';
import {
  asRows,
  asSteps,
  type CellRule,
  insideOnly,
  recurrentRule,
  sigmoidSlope,
  tanhSlope,
} from './recurrent.ts';
import { scan } from './scan.ts';

/**
 * One direction of a simple recurrent layer, h = f(x·Wᵀ + h'·Rᵀ + b). The slope of f is a function of the states,
 * which the runtime returns: nothing is computed again. Backwards dz = dh·f', and the step before gets dz·R.
 *
 * @see Elman 1990, Finding Structure in Time
 */
const cell: CellRule = (context, direction) => {
  const { g } = context;
  const { steps, units, reversed, before, lengths, dY, dLast, r } = direction;
  const states = asRows(context, direction.y, units);
  const slopes = asSteps(context, slopeOf(context, direction.index, states), steps, units);
  const [dFirst = '', dGates = ''] = scan(g, {
    states: [dLast[0]],
    inputs: [
      insideOnly(context, direction, slopes),
      ...(lengths === undefined ? [] : [lengths.behind]),
      ...(dY === undefined ? [] : [dY]),
    ],
    backwards: !reversed,
    body: (op, [later = ''], [slope = '', ...others]) => {
      const behind = lengths === undefined ? undefined : others.shift();
      const own = others.shift();
      const dh = own === undefined ? later : op('Add', [later, own]);
      const dz = op('Mul', [dh, slope]);
      const earlier = op('MatMul', [dz, r]);
      return {
        states: [behind === undefined ? earlier : op('Add', [earlier, op('Mul', [later, behind])])],
        outputs: [dz],
      };
    },
  });
  const gates = asRows(context, dGates, units);
  return {
    fromInputs: gates,
    fromStates: gates,
    dR: context.needs(2)
      ? g.op('Gemm', [gates, asRows(context, before, units)], { transA: 1 })
      : '',
    dFirst: [dFirst],
  };
};

/** The slope of the activation of one direction where its value is y. */
function slopeOf(context: GradientContext, direction: number, y: string): string {
  const given = context.node.attributes.activations;
  const names = given !== undefined && 'strings' in given ? given.strings : [];
  switch (names[direction]) {
    case 'Relu':
      return positive(context, y);
    case 'Sigmoid':
      return sigmoidSlope(context, y);
    default:
      return tanhSlope(context, y);
  }
}

/** A simple recurrent layer, in one direction or both, with Tanh, Relu or Sigmoid. */
export const rnn: GradientRule = recurrentRule(cell, [['Tanh', 'Relu', 'Sigmoid']]);
