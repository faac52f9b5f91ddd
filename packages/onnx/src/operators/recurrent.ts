import { BaalError } from '@baal/core';
import { elementTypeCode } from '../graph/element-types.ts';
import { describeNode, floatAttribute, intAttribute, stringAttribute } from '../graph/graph.ts';
import type { GradientContext, GradientRule } from './gradient-rule.ts';

/**
 * One direction of a recurrent layer over T steps of B sequences, with its gates stacked in the
 * order of ONNX, n gates of H units. "Rows" are the T·B pairs of step and sequence.
 */
export interface Direction {
  /** Which one it is of the layer's directions. */
  readonly index: number;
  /** Number of steps. */
  readonly steps: number;
  /** Number of units. */
  readonly units: number;
  /** Whether the layer reads from the end to the beginning. */
  readonly reversed: boolean;
  /** Inputs as rows, `[T·B, I]`. */
  readonly x: string;
  /** Weights of the inputs, `[nH, I]`. */
  readonly w: string;
  /** Weights of the states, `[nH, H]`. */
  readonly r: string;
  /** Biases of either, `[nH]`; undefined without. */
  readonly bias: readonly [input: string, state: string] | undefined;
  /** The states that the steps make, `[T, B, H]`. */
  readonly y: string;
  /** The states that they start from, `[T, B, H]`. */
  readonly before: string;
  /** First cell values `[B, H]` of an LSTM. */
  readonly firstCell: string;
  /** Where sequences have lengths: 1 in their steps, `[T, B, 1]`, and 1 behind their end. */
  readonly lengths: { readonly inside: string; readonly behind: string } | undefined;
  /** Gradient of `y`, `[T, B, H]`, if the loss reads it. */
  readonly dY: string | undefined;
  /** Gradients of the last state and of the last cell values, `[B, H]`. */
  readonly dLast: readonly [state: string, cell: string];
}

/** What the backward pass through the steps of one direction gives. */
export interface DirectionGradients {
  /** Of the gates before their activation, where inputs enter: rows `[T·B, nH]`. */
  readonly fromInputs: string;
  /** The same where states enter. */
  readonly fromStates: string;
  /** Of the weights of the states, `[nH, H]`. */
  readonly dR: string;
  /** Of the first state and of the first cell values, `[B, H]`. */
  readonly dFirst: readonly string[];
}

/** Names of activations in the order of the operator; a list where the cell leaves the choice. */
type Activations = readonly (string | readonly string[])[];

/** Backward pass through one direction of a layer. */
export type CellRule = (context: GradientContext, direction: Direction) => DirectionGradients;

/**
 * The rule of a recurrent layer: the forward pass stays the runtime's own operator, which keeps only
 * the states. The gates are computed again for all steps at once, only what goes from step to step
 * is a loop, and the gradients of the weights are one product each over all steps.
 *
 * Behind the end of a shorter sequence the backward pass hands its states on as they are.
 *
 * @param activations those that the cell can have, for one direction; several where there is a choice
 *
 * @throws BaalError (code `config`) for peepholes, clipping, other activations, and batches on the first axis.
 */
export function recurrentRule(cell: CellRule, activations: Activations): GradientRule {
  return (context) => {
    const { g, node, needs } = context;
    refuseVariants(context, activations);
    const x = context.input(0);
    const [steps = 0, , features = 0] = context.value(x).shape;
    const count = context.value(context.input(1)).shape[0] as number;
    const rows = g.op('Reshape', [x, g.ints([-1, features])]);
    const y =
      context.output() === '' ? g.op(node.opType, node.inputs, node.attributes) : context.output();
    const results = Array.from({ length: count }, (_, d) => {
      const direction = directionOf(context, d, { steps, rows, y });
      const { fromInputs, fromStates, dR, dFirst } = cell(context, direction);
      const sum = (name: string): string => g.op('ReduceSum', [name, g.ints([0])], { keepdims: 0 });
      return {
        dX: needs(0) ? g.op('MatMul', [fromInputs, direction.w]) : '',
        dW: needs(1) ? g.op('Gemm', [fromInputs, rows], { transA: 1 }) : '',
        dR,
        dB: needs(3) ? g.op('Concat', [sum(fromInputs), sum(fromStates)], { axis: 0 }) : '',
        dFirst,
      };
    });
    const stack = (i: number, parts: readonly (string | undefined)[]): string | undefined =>
      needs(i)
        ? g.op(
            'Concat',
            parts.map((part = '') => g.op('Unsqueeze', [part, g.ints([0])])),
            { axis: 0 },
          )
        : undefined;
    const dX = results.map((result) => result.dX);
    return [
      needs(0)
        ? g.op('Reshape', [
            dX.reduce((sum, term) => g.op('Add', [sum, term])),
            g.ints([steps, -1, features]),
          ])
        : undefined,
      stack(
        1,
        results.map((result) => result.dW),
      ),
      stack(
        2,
        results.map((result) => result.dR),
      ),
      stack(
        3,
        results.map((result) => result.dB),
      ),
      undefined,
      stack(
        5,
        results.map((result) => result.dFirst[0]),
      ),
      stack(
        6,
        results.map((result) => result.dFirst[1]),
      ),
    ];
  };
}

function directionOf(
  context: GradientContext,
  d: number,
  { steps, rows, y }: { steps: number; rows: string; y: string },
): Direction {
  const { g, node } = context;
  const units = context.value(context.input(2)).shape[2] as number;
  const pick = (name: string, axis = 0): string => g.op('Gather', [name, g.int(d)], { axis });
  const states = pick(y, 1);
  const reversed = d === 1 || stringAttribute(node, 'direction', 'forward') === 'reverse';
  const zeros = g.op('ConstantOfShape', [g.op('Shape', [g.op('Gather', [states, g.int(0)])])]);
  const given = (name: string | undefined): string => (name ? pick(name) : zeros);
  const first = given(context.input(5));
  const lengths = context.input(4) === '' ? undefined : masksOf(context, steps);
  const dY = context.gradient(0);
  const dStates = dY === undefined ? undefined : pick(dY, 1);
  const gates = context.value(context.input(1)).shape[1] as number;
  return {
    index: d,
    steps,
    units,
    reversed,
    x: rows,
    w: pick(context.input(1)),
    r: pick(context.input(2)),
    bias:
      context.input(3) === ''
        ? undefined
        : (g.ops('Split', [pick(context.input(3)), g.ints([gates, gates])], 2) as [string, string]),
    y: states,
    before: statesBefore(context, states, first, { steps, reversed, behind: lengths?.behind }),
    firstCell: given(context.input(6)),
    lengths,
    dY: dStates && lengths ? g.op('Mul', [dStates, lengths.inside]) : dStates,
    dLast: [given(context.gradient(1)), given(context.gradient(2))],
  };
}

/** Which steps are inside and behind each sequence, `[T, B, 1]`. */
function masksOf(context: GradientContext, steps: number): { inside: string; behind: string } {
  const { g } = context;
  const all = g.initializer(g.fresh('steps'), {
    type: 'int32',
    shape: [steps, 1],
    data: Int32Array.from({ length: steps }, (_, t) => t),
  });
  const inside = g.op('Less', [all, context.input(4)]);
  const wide = (mask: string): string =>
    g.op('Unsqueeze', [g.op('Cast', [mask], { to: elementTypeCode('float32') }), g.ints([2])]);
  return { inside: wide(inside), behind: wide(g.op('Not', [inside])) };
}

/** The state that each step starts from: the first one, or that of its neighbour. */
function statesBefore(
  { g }: GradientContext,
  states: string,
  first: string,
  { steps, reversed, behind }: { steps: number; reversed: boolean; behind: string | undefined },
): string {
  const start = g.op('Unsqueeze', [first, g.ints([0])]);
  if (steps === 1) return start;
  const part = (name: string, from: number, to: number): string =>
    g.op('Slice', [name, g.ints([from]), g.ints([to]), g.ints([0])]);
  if (!reversed) return g.op('Concat', [start, part(states, 0, steps - 1)], { axis: 0 });
  let later = part(states, 1, steps);
  if (behind !== undefined) {
    // A shorter sequence starts at its own end; its states behind it are zero.
    later = g.op('Add', [later, g.op('Mul', [part(behind, 1, steps), start])]);
  }
  return g.op('Concat', [later, start], { axis: 0 });
}

function refuseVariants(context: GradientContext, activations: Activations): void {
  const { node } = context;
  const given = node.attributes.activations;
  const other =
    given !== undefined &&
    'strings' in given &&
    given.strings.some((name, i) => !activations[i % activations.length]?.includes(name));
  const variants: readonly (readonly [boolean, string])[] = [
    [other, 'other activations'],
    [floatAttribute(node, 'clip', 0) !== 0, 'clipping'],
    [intAttribute(node, 'input_forget', 0) === 1, 'coupled input and forget gates'],
    [intAttribute(node, 'layout', 0) === 1, 'the batch on the first axis'],
    [context.input(7) !== '', 'peepholes'],
  ];
  const found = variants.find(([present]) => present);
  if (found !== undefined) {
    throw new BaalError(
      'config',
      `differentiate: ${describeNode(node)} has ${found[1]}, which has no gradient rule; freeze the parameters before and in it, or export the layer without`,
    );
  }
}

/** Rows `[T·B, n]` of a value `[T, B, n]`. */
export function asRows({ g }: GradientContext, name: string, width: number): string {
  return g.op('Reshape', [name, g.ints([-1, width])]);
}

/** A value `[T, B, n]` of rows `[T·B, n]`. */
export function asSteps(
  { g }: GradientContext,
  name: string,
  steps: number,
  width: number,
): string {
  return g.op('Reshape', [name, g.ints([steps, -1, width])]);
}

/** A value `[T, B, n]` that is zero behind the end of each sequence. */
export function insideOnly({ g }: GradientContext, { lengths }: Direction, name: string): string {
  return lengths === undefined ? name : g.op('Mul', [name, lengths.inside]);
}

/** A value `[T, B, n]` that is one behind the end of each sequence. */
export function oneBehind(context: GradientContext, direction: Direction, name: string): string {
  const { lengths } = direction;
  if (lengths === undefined) return name;
  return context.g.op('Add', [insideOnly(context, direction, name), lengths.behind]);
}

/** x·Wᵀ + b, for all rows at once. */
export function project(
  { g }: GradientContext,
  rows: string,
  weights: string,
  bias: string | undefined,
): string {
  return g.op('Gemm', bias === undefined ? [rows, weights] : [rows, weights, bias], { transB: 1 });
}

/** y·(1 - y): the slope of the sigmoid whose value is y. */
export function sigmoidSlope({ g }: GradientContext, y: string): string {
  return g.op('Sub', [y, g.op('Mul', [y, y])]);
}

/** 1 - y²: the slope of the hyperbolic tangent whose value is y. */
export function tanhSlope({ g }: GradientContext, y: string): string {
  return g.op('Sub', [g.float(1), g.op('Mul', [y, y])]);
}
