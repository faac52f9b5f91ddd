import type { GradientRule } from './gradient-rule.ts';
import {
  asRows,
  asSteps,
  type CellRule,
  insideOnly,
  oneBehind,
  project,
  recurrentRule,
  sigmoidSlope,
  tanhSlope,
} from './recurrent.ts';
import { scan } from './scan.ts';

/**
 * One direction of an LSTM, gates i, o, f (sigmoid) and g (tanh): c = f·c' + i·g, h = o·tanh c.
 * Backwards through the steps: dc = dh·o·(1 - tanh² c) + dc of the step behind, and the gates get
 * di = dc·g·i(1-i), do = dh·tanh c·o(1-o), df = dc·c'·f(1-f), dg = dc·i·(1-g²). All factors but dh and dc
 * are known before the loop.
 *
 * @see Hochreiter and Schmidhuber 1997; Gers et al. 2000 (forget gate)
 */
const cell: CellRule = (context, direction) => {
  const { g } = context;
  const { steps, units, reversed, bias, before, firstCell, lengths, dY, dLast, r } = direction;
  const times = (...factors: readonly string[]): string =>
    factors.reduce((product, factor) => g.op('Mul', [product, factor]));
  const unfold = (name: string, width: number = units): string =>
    asSteps(context, name, steps, width);
  const inside = (name: string): string => insideOnly(context, direction, name);
  const rowsBefore = asRows(context, before, units);

  // The gates of all steps at once, as rows.
  const fromInputs = project(context, direction.x, direction.w, bias?.[0]);
  const fromStates = project(context, rowsBefore, r, bias?.[1]);
  const raw = g.op('Add', [fromInputs, fromStates]);
  const [rawSigmoid = '', rawTanh = ''] = g.ops('Split', [raw, g.ints([3 * units, units])], 2, {
    axis: 1,
  });
  const opened = g.op('Sigmoid', [rawSigmoid]);
  const parts = g.ints([units, units, units]);
  const [i = '', o = '', f = ''] = g.ops('Split', [opened, parts], 3, { axis: 1 });
  const slopes = g.ops('Split', [sigmoidSlope(context, opened), parts], 3, { axis: 1 });
  const [iSlope = '', oSlope = '', fSlope = ''] = slopes;
  const candidate = g.op('Tanh', [rawTanh]);

  const kept = oneBehind(context, direction, unfold(f));
  // The cell values before and after each step.
  const [, cellsBefore = '', cells = ''] = scan(g, {
    states: [firstCell],
    inputs: [kept, inside(unfold(times(i, candidate)))],
    backwards: reversed,
    body: (op, [c = ''], [forget = '', added = '']) => {
      const next = op('Add', [op('Mul', [forget, c]), added]);
      return { states: [next], outputs: [c, next] };
    },
  });
  const squashed = g.op('Tanh', [asRows(context, cells, units)]);

  const factors = g.op(
    'Concat',
    [
      times(candidate, iSlope),
      times(squashed, oSlope),
      times(asRows(context, cellsBefore, units), fSlope),
      times(i, tanhSlope(context, candidate)),
    ],
    { axis: 1 },
  );
  const toCell = times(o, tanhSlope(context, squashed));
  const [dState = '', dCell = '', dGates = ''] = scan(g, {
    states: dLast,
    inputs: [
      inside(unfold(factors, 4 * units)),
      inside(unfold(toCell)),
      kept,
      ...(lengths === undefined ? [] : [lengths.behind]),
      ...(dY === undefined ? [] : [dY]),
    ],
    backwards: !reversed,
    body: (op, [later = '', laterCell = ''], [factor = '', slope = '', forget = '', ...others]) => {
      const behind = lengths === undefined ? undefined : others.shift();
      const own = others.shift();
      const dh = own === undefined ? later : op('Add', [later, own]);
      const dc = op('Add', [op('Mul', [dh, slope]), laterCell]);
      const gates = op('Mul', [op('Concat', [dc, dh, dc, dc], { axis: 1 }), factor]);
      const earlier = op('MatMul', [gates, r]);
      return {
        states: [
          behind === undefined ? earlier : op('Add', [earlier, op('Mul', [later, behind])]),
          op('Mul', [dc, forget]),
        ],
        outputs: [gates],
      };
    },
  });
  const gates = asRows(context, dGates, 4 * units);
  return {
    fromInputs: gates,
    fromStates: gates,
    dR: context.needs(2) ? g.op('Gemm', [gates, rowsBefore], { transA: 1 }) : '',
    dFirst: [dState, dCell],
  };
};

/** A layer of long short-term memory, in one direction or both. */
export const lstm: GradientRule = recurrentRule(cell, ['Sigmoid', 'Tanh', 'Tanh']);
