import { checkCount, extentsOf, type Layer } from './layer.ts';

/** Settings of {@link lstm} and {@link gru}. */
export interface RecurrentOptions {
  /** Reads the sequence in both directions and puts the results side by side; false by default. */
  readonly bidirectional?: boolean;
  /** Layers one after the other; 1 by default. */
  readonly layers?: number;
  /**
   * `sequence` (default): the state at each position, `[T, units]`. `last`: the state after the whole
   * sequence, `[units]`; twice as many values if bidirectional, that of the backward direction from the
   * first position.
   */
  readonly returns?: 'sequence' | 'last';
}

/**
 * A long short-term memory over a sequence `[T, D]`. Of a sequence with padding only the positions before
 * its end are read, and states behind it are 0; padding in the middle is read like a token. All weights are
 * uniform within ±1/√units, PyTorch's default.
 *
 * @throws ShapeError if the input is not `[T, D]`
 * @see Hochreiter and Schmidhuber 1997; Gers et al. 2000
 */
export function lstm(units: number, options: RecurrentOptions = {}): Layer {
  return recurrent('LSTM', 'lstm', 4, units, options);
}

/**
 * A gated recurrent unit over a sequence `[T, D]`, the reset after the product, as in PyTorch; see
 * {@link lstm}.
 *
 * @throws ShapeError if the input is not `[T, D]`
 * @see Cho et al. 2014
 */
export function gru(units: number, options: RecurrentOptions = {}): Layer {
  return recurrent('GRU', 'gru', 3, units, options);
}

function recurrent(
  opType: 'LSTM' | 'GRU',
  where: string,
  gates: number,
  units: number,
  options: RecurrentOptions,
): Layer {
  const { bidirectional = false, layers = 1, returns = 'sequence' } = options;
  checkCount(where, 'units', units);
  checkCount(where, 'layers', layers);
  const directions = bidirectional ? 2 : 1;
  const width = directions * units;
  const bound = 1 / Math.sqrt(units);
  return (context, input) => {
    const { g } = context;
    const [length = 0, size = 0] = extentsOf(where, input, ['tokens', 'size']);
    const lengths = input.tokens === undefined ? '' : lengthsOf(input.tokens);
    // The operator reads [T, N, D].
    let steps = g.op('Transpose', [input.name], { perm: [1, 0, 2] });
    let last = '';
    for (let layer = 0; layer < layers; layer++) {
      const scope = context.scope(where);
      const inputs = layer === 0 ? size : width;
      const weights = [
        context.uniform(`${scope}.weight`, [directions, gates * units, inputs], bound),
        context.uniform(`${scope}.recurrence`, [directions, gates * units, units], bound),
        context.uniform(`${scope}.bias`, [directions, 2 * gates * units], bound),
      ];
      const attributes = {
        hidden_size: units,
        direction: bidirectional ? 'bidirectional' : 'forward',
        ...(opType === 'GRU' ? { linear_before_reset: 1 } : {}),
      };
      const [states = '', end = ''] = g.ops(
        opType,
        [steps, ...weights, ...(lengths === '' ? [] : [lengths])],
        2,
        attributes,
        scope,
      );
      // [T, directions, N, units] to [T, N, directions · units].
      steps = g.op('Reshape', [
        g.op('Transpose', [states], { perm: [0, 2, 1, 3] }),
        g.ints([length, -1, width]),
      ]);
      last = end;
    }
    if (returns === 'last') {
      const apart = g.op('Transpose', [last], { perm: [1, 0, 2] });
      return { name: g.op('Reshape', [apart, g.ints([-1, width])]), shape: [width] };
    }
    return {
      ...input,
      name: g.op('Transpose', [steps], { perm: [1, 0, 2] }),
      shape: [length, width],
    };

    /** Position of the last token, plus 1; at least 1, for a sequence of padding only. */
    function lengthsOf(tokens: string): string {
      const numbers = Array.from({ length }, (_, i) => i + 1);
      const places = context.buffer(g.fresh(`${where}.places`), [length], numbers);
      const ends = g.op('ReduceMax', [g.op('Mul', [tokens, places])], { axes: [1], keepdims: 0 });
      return g.op('Cast', [g.op('Max', [ends, g.float(1)])], { to: 6 });
    }
  };
}
