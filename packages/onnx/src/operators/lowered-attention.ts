import { BaalError } from '@baal/core';
import { describeNode, floatAttribute, intAttribute, intsAttribute } from '../graph/graph.ts';
import type { Lowering, LoweringContext } from './lowering.ts';

/**
 * Self-attention with packed weights: [Q K V] = X·W + b, `num_heads` heads of softmax(QKᵀ·scale + mask)·V,
 * heads side by side.
 *
 * @throws BaalError (code `config`) with a past, rotary positions, or a mask that is neither `[B]`, `[2B]`, `[B, T]` nor `[B, S, T]`.
 * @see Vaswani et al. 2017, section 3.2
 */
export const fusedAttention: Lowering = (context) => {
  const { g, node, input, value } = context;
  const rotary = intAttribute(node, 'do_rotary', 0) === 1;
  const past = input(4) !== '' || input(6) !== '' || (node.outputs[1] ?? '') !== '';
  if (rotary || past) unsupported(context, 'a past or rotary positions');
  const width = value(input(1)).shape[1] as number;
  const sizes = intsAttribute(node, 'qkv_hidden_sizes', [width / 3, width / 3, width / 3]);
  const product = g.op('MatMul', [input(0), input(1)]);
  const packed = input(2) === '' ? product : g.op('Add', [product, input(2)]);
  const [q, k, v] = g.ops('Split', [packed, g.ints(sizes)], 3, { axis: -1 });
  return [attend(context, [q, k, v] as [string, string, string], sizes, input(3), input(5))];
};

/**
 * Attention of given queries, keys and values `[B, S, heads·d]`, keys and values also `[B, heads, S, d]`,
 * with a bias of all three.
 *
 * @throws BaalError (code `config`) with packed inputs or a past.
 */
export const multiHeadAttention: Lowering = (context) => {
  const { g, node, input, value } = context;
  const [query, key, values] = [input(0), input(1), input(2)];
  const past = [6, 7, 8, 9].some((i) => input(i) !== '') || node.outputs.slice(1).some(Boolean);
  if (past) unsupported(context, 'a past');
  if (key === '' || values === '' || value(query).shape.length !== 3) {
    unsupported(context, 'packed queries, keys and values');
  }
  const heads = intAttribute(node, 'num_heads', 1);
  const widthOf = (name: string): number => {
    const { shape } = value(name);
    return shape.length === 4 ? heads * (shape[3] as number) : (shape[2] as number);
  };
  const sizes = [query, key, values].map(widthOf);
  const parts: string[] =
    input(3) === '' ? ['', '', ''] : g.ops('Split', [input(3), g.ints(sizes)], 3, { axis: 0 });
  const operands = [query, key, values].map((name, i) => {
    const bias = parts[i] as string;
    if (bias === '' || value(name).shape.length === 4) return name;
    return g.op('Add', [name, bias]);
  });
  const split = [query, key, values].map((name) => value(name).shape.length === 4);
  return [attend(context, operands as [string, string, string], sizes, input(4), input(5), split)];
};

function attend(
  context: LoweringContext,
  [query, key, values]: readonly [string, string, string],
  sizes: readonly number[],
  mask: string,
  bias: string,
  inHeads: readonly boolean[] = [],
): string {
  const { g, node } = context;
  const heads = intAttribute(node, 'num_heads', 1);
  const [width = 0, , depth = 0] = sizes;
  const split = (name: string, i: number, perm: readonly number[]): string => {
    const rows = g.ints([0, 0, heads, (sizes[i] as number) / heads]);
    if (inHeads[i]) return i === 1 ? g.op('Transpose', [name], { perm: [0, 1, 3, 2] }) : name;
    return g.op('Transpose', [g.op('Reshape', [name, rows])], { perm });
  };
  const q = split(query, 0, [0, 2, 1, 3]);
  const k = split(key, 1, [0, 2, 3, 1]);
  const v = split(values, 2, [0, 2, 1, 3]);
  const given = floatAttribute(node, 'scale', 0);
  const scale = given === 0 ? 1 / Math.sqrt(width / heads) : given;
  let scores = g.op('Mul', [g.op('MatMul', [q, k]), g.float(scale)]);
  if (bias !== '') scores = g.op('Add', [scores, bias]);
  if (mask !== '') scores = g.op('Add', [scores, maskTerm(context, mask, scores)]);
  if (intAttribute(node, 'unidirectional', 0) === 1) {
    scores = g.op('Add', [scores, causalTerm(context, scores)]);
  }
  const weights = g.op('Softmax', [scores], { axis: -1 });
  const heard = g.op('Transpose', [g.op('MatMul', [weights, v])], { perm: [0, 2, 1, 3] });
  return g.op('Reshape', [heard, g.ints([0, 0, depth])]);
}

/** The filter value where a mask is 0, else 0, in the shape of the scores `[B, heads, S, T]`. */
function maskTerm(context: LoweringContext, mask: string, scores: string): string {
  const { g, node, value } = context;
  const { shape } = value(mask);
  const [batch] = value(context.input(0)).shape;
  let kept: string;
  if (shape.length === 1 && (shape[0] === batch || shape[0] === 2 * (batch as number))) {
    // Where the rows end or, for all rows first where they end and then where they start.
    const total = g.op('Shape', [scores], { start: 3, end: 4 });
    const places = g.op('Range', [g.int(0), g.op('Squeeze', [total]), g.int(1)]);
    const bounds = g.op('Reshape', [
      g.op('Cast', [mask], { to: 7 }),
      g.ints([shape[0] === batch ? 1 : 2, -1, 1]),
    ]);
    let inside = g.op('Less', [places, g.op('Gather', [bounds, g.int(0)])]);
    if (shape[0] !== batch) {
      const started = g.op('GreaterOrEqual', [places, g.op('Gather', [bounds, g.int(1)])]);
      inside = g.op('And', [inside, started]);
    }
    kept = g.op('Unsqueeze', [inside, g.ints([1, 2])]);
  } else if (shape.length === 2 || shape.length === 3) {
    const axes = g.ints(shape.length === 2 ? [1, 2] : [1]);
    kept = g.op('Cast', [g.op('Unsqueeze', [mask, axes])], { to: 9 });
  } else unsupported(context, `a mask of shape [${shape.join(', ')}]`);
  const filter = g.float(floatAttribute(node, 'mask_filter_value', -10000));
  return g.op('Where', [kept, g.float(0), filter]);
}

/** The lowest number where a position would look at a later one, else 0. */
function causalTerm({ g }: LoweringContext, scores: string): string {
  const square = g.op('Shape', [scores], { start: 2, end: 4 });
  const lowest = g.op('Expand', [g.float(-3.4028234663852886e38), square]);
  return g.op('Trilu', [lowest, g.int(1)], { upper: 1 });
}

function unsupported({ node }: LoweringContext, what: string): never {
  throw new BaalError(
    'config',
    `differentiate: ${describeNode(node)} has ${what}, expected queries, keys and values of their own, without; export the model without fusion`,
  );
}
