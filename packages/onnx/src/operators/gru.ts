import { intAttribute } from '../graph/graph.ts';
import type { GradientContext, GradientRule } from './gradient-rule.ts';
import {
  asRows,
  asSteps,
  type CellRule,
  type Direction,
  type DirectionGradients,
  insideOnly,
  oneBehind,
  project,
  recurrentRule,
  sigmoidSlope,
  tanhSlope,
} from './recurrent.ts';
import { scan } from './scan.ts';

/**
 * One direction of a GRU, gates z and r (sigmoid), candidate n: h = (1 - z)·n + z·h'. The candidate is
 * tanh(x·Wₙᵀ + r·(h'·Rₙᵀ)), the reset after the product (`linear_before_reset`, as in PyTorch), or
 * tanh(x·Wₙᵀ + (r·h')·Rₙᵀ), before it. dz = dh·(h' - n)·z(1-z), and the candidate gets
 * dn = dh·(1 - z)·(1 - n²).
 *
 * @see Cho et al. 2014, section 2.3
 */
const cell: CellRule = (context, direction) =>
  intAttribute(context.node, 'linear_before_reset', 0) === 1
    ? resetAfter(context, direction)
    : resetBefore(context, direction);

/** Every gate's gradient is dh times a factor known before the loop. */
function resetAfter(context: GradientContext, direction: Direction): DirectionGradients {
  const { g } = context;
  const { steps, units, reversed, bias, before, dY, dLast, r: weights } = direction;
  const parts = g.ints([2 * units, units]);
  const rowsBefore = asRows(context, before, units);
  const split = (name: string): string[] => g.ops('Split', [name, parts], 2, { axis: 1 });
  const [xGates = '', xCandidate = ''] = split(
    project(context, direction.x, direction.w, bias?.[0]),
  );
  const [hGates = '', hCandidate = ''] = split(project(context, rowsBefore, weights, bias?.[1]));
  const { z, r, zSlope, rSlope } = openedGates(context, g.op('Add', [xGates, hGates]), units);
  const n = g.op('Tanh', [g.op('Add', [xCandidate, g.op('Mul', [r, hCandidate])])]);

  const toCandidate = candidateFactor(context, z, n);
  const toUpdate = g.op('Mul', [g.op('Sub', [rowsBefore, n]), zSlope]);
  const toReset = g.op('Mul', [toCandidate, g.op('Mul', [hCandidate, rSlope])]);
  const factors = g.op('Concat', [toUpdate, toReset, g.op('Mul', [toCandidate, r])], { axis: 1 });
  const [dFirst = '', dGates = '', dStates = ''] = scan(g, {
    states: [dLast[0]],
    inputs: [
      insideOnly(context, direction, asSteps(context, factors, steps, 3 * units)),
      oneBehind(context, direction, asSteps(context, z, steps, units)),
      ...(dY === undefined ? [] : [dY]),
    ],
    backwards: !reversed,
    body: (op, [later = ''], [factor = '', kept = '', own]) => {
      const dh = own === undefined ? later : op('Add', [later, own]);
      const gates = op('Mul', [op('Concat', [dh, dh, dh], { axis: 1 }), factor]);
      const earlier = op('Add', [op('Mul', [dh, kept]), op('MatMul', [gates, weights])]);
      return { states: [earlier], outputs: [gates, dh] };
    },
  });
  const fromStates = asRows(context, dGates, 3 * units);
  const [shared = ''] = split(fromStates);
  const dStatesInside = asRows(context, insideOnly(context, direction, dStates), units);
  const dCandidate = g.op('Mul', [dStatesInside, toCandidate]);
  return {
    fromInputs: g.op('Concat', [shared, dCandidate], { axis: 1 }),
    fromStates,
    dR: context.needs(2) ? g.op('Gemm', [fromStates, rowsBefore], { transA: 1 }) : '',
    dFirst: [dFirst],
  };
}

/** The reset gate's gradient comes through a product with Rₙ. */
function resetBefore(context: GradientContext, direction: Direction): DirectionGradients {
  const { g } = context;
  const { steps, units, reversed, bias, before, dY, dLast } = direction;
  const parts = g.ints([2 * units, units]);
  const rowsBefore = asRows(context, before, units);
  const split = (name: string, axis: number): string[] =>
    g.ops('Split', [name, parts], 2, { axis });
  const [xGates = '', xCandidate = ''] = split(
    project(context, direction.x, direction.w, bias?.[0]),
    1,
  );
  const [gateWeights = '', candidateWeights = ''] = split(direction.r, 0);
  const [gateBias, candidateBias] = bias === undefined ? [] : split(bias[1], 0);
  const hGates = project(context, rowsBefore, gateWeights, gateBias);
  const { z, r, zSlope, rSlope } = openedGates(context, g.op('Add', [xGates, hGates]), units);
  const kept = g.op('Mul', [r, rowsBefore]);
  const hCandidate = project(context, kept, candidateWeights, candidateBias);
  const n = g.op('Tanh', [g.op('Add', [xCandidate, hCandidate])]);

  const unfold = (name: string): string => asSteps(context, name, steps, units);
  const inside = (name: string): string => insideOnly(context, direction, unfold(name));
  const [dFirst = '', dGates = ''] = scan(g, {
    states: [dLast[0]],
    inputs: [
      inside(candidateFactor(context, z, n)),
      inside(g.op('Mul', [g.op('Sub', [rowsBefore, n]), zSlope])),
      inside(g.op('Mul', [rowsBefore, rSlope])),
      oneBehind(context, direction, unfold(z)),
      unfold(r),
      ...(dY === undefined ? [] : [dY]),
    ],
    backwards: !reversed,
    body: (
      op,
      [later = ''],
      [toCandidate = '', toUpdate = '', toReset = '', z = '', r = '', own],
    ) => {
      const dh = own === undefined ? later : op('Add', [later, own]);
      const dn = op('Mul', [dh, toCandidate]);
      const dKept = op('MatMul', [dn, candidateWeights]);
      const dGates = op('Concat', [op('Mul', [dh, toUpdate]), op('Mul', [dKept, toReset])], {
        axis: 1,
      });
      const direct = op('Add', [op('Mul', [dh, z]), op('Mul', [dKept, r])]);
      const earlier = op('Add', [direct, op('MatMul', [dGates, gateWeights])]);
      return { states: [earlier], outputs: [op('Concat', [dGates, dn], { axis: 1 })] };
    },
  });
  const rows = asRows(context, dGates, 3 * units);
  const [gates = '', candidate = ''] = split(rows, 1);
  const product = (x: string, y: string): string => g.op('Gemm', [x, y], { transA: 1 });
  return {
    fromInputs: rows,
    fromStates: rows,
    dR: context.needs(2)
      ? g.op('Concat', [product(gates, rowsBefore), product(candidate, kept)], { axis: 0 })
      : '',
    dFirst: [dFirst],
  };
}

/** Update and reset gates of all rows, and the slopes of their sigmoids. */
function openedGates(
  context: GradientContext,
  raw: string,
  units: number,
): { z: string; r: string; zSlope: string; rSlope: string } {
  const { g } = context;
  const opened = g.op('Sigmoid', [raw]);
  const halves = (name: string): string[] =>
    g.ops('Split', [name, g.ints([units, units])], 2, { axis: 1 });
  const [z = '', r = ''] = halves(opened);
  const [zSlope = '', rSlope = ''] = halves(sigmoidSlope(context, opened));
  return { z, r, zSlope, rSlope };
}

/** (1 - z)·(1 - n²). */
function candidateFactor(context: GradientContext, z: string, n: string): string {
  const { g } = context;
  return g.op('Mul', [g.op('Sub', [g.float(1), z]), tanhSlope(context, n)]);
}

/** A layer of gated recurrent units, in one direction or both. */
export const gru: GradientRule = recurrentRule(cell, ['Sigmoid', 'Tanh']);
