import { checkCount, extentsOf, type Layer, type LayerContext } from './layer.ts';

/**
 * The same fully connected layer at each position of a sequence, `[T, D]` to `[T, units]`. Weights
 * `[D, units]` and bias uniform within ±1/√D, PyTorch's default.
 *
 * @throws ShapeError if the input is not `[T, D]`
 */
export function projection(units: number): Layer {
  checkCount('projection', 'units', units);
  return (context, input) => {
    const [, size = 0] = extentsOf('projection', input, ['tokens', 'size']);
    const scope = context.scope('projection');
    const bound = 1 / Math.sqrt(size);
    const name = affine(context, input.name, {
      weight: context.uniform(`${scope}.weight`, [size, units], bound),
      bias: context.uniform(`${scope}.bias`, [units], bound),
      scope,
    });
    return { ...input, name, shape: [...input.shape.slice(0, -1), units] };
  };
}

/** xW + b over the last axis. */
export function affine(
  { g }: LayerContext,
  x: string,
  {
    weight,
    bias,
    scope,
  }: { readonly weight: string; readonly bias: string; readonly scope: string },
): string {
  return g.op('Add', [g.op('MatMul', [x, weight]), bias], {}, scope);
}

/**
 * The mean over the tokens of a sequence, `[T, D]` to `[D]`; padding is left out, and a sequence of padding
 * only gives 0.
 *
 * @throws ShapeError if the input is not `[T, D]`
 */
export function meanOverTokens(): Layer {
  return (context, input) => {
    const { g } = context;
    const [, size = 0] = extentsOf('meanOverTokens', input, ['tokens', 'size']);
    const scope = context.scope('meanOverTokens');
    if (input.tokens === undefined) {
      const name = g.op('ReduceMean', [input.name], { axes: [1], keepdims: 0 }, scope);
      return { name, shape: [size] };
    }
    const weights = g.op('Unsqueeze', [input.tokens, g.ints([-1])]);
    const sum = g.op('ReduceSum', [g.op('Mul', [input.name, weights]), g.ints([1])], {
      keepdims: 0,
    });
    const count = g.op('ReduceSum', [input.tokens, g.ints([1])], { keepdims: 1 });
    const name = g.op('Div', [sum, g.op('Max', [count, g.float(1)])], {}, scope);
    return { name, shape: [size] };
  };
}

/** The vector at the first position of a sequence, `[T, D]` to `[D]`: that of a class token. */
export function firstToken(): Layer {
  return (context, input) => {
    const { g } = context;
    const [, size = 0] = extentsOf('firstToken', input, ['tokens', 'size']);
    const first = g.op('Slice', [input.name, g.ints([0]), g.ints([1]), g.ints([1])]);
    const name = g.op('Squeeze', [first, g.ints([1])], {}, context.scope('firstToken'));
    return { name, shape: [size] };
  };
}
