import { ConfigError } from '@baal/core';
import type { GraphBuilder } from '../graph/graph-builder.ts';
import { matchNames, type NamePattern } from '../name-pattern.ts';

/** A penalty on parameters: the sum of their absolute values (`l1`) or squares (`l2`). */
export interface PenaltyConfig {
  /** What is summed. */
  readonly kind: 'l1' | 'l2';
  /** Factor of the sum, finite and at least 0. */
  readonly coefficient: number;
  /** Which parameters; all trained ones by default. */
  readonly parameters?: NamePattern;
}

/**
 * A term of the loss that looks at the parameters alone: appends operations on the named values and returns
 * the name of a scalar.
 */
export type Regularizer = (g: GraphBuilder, parameters: readonly string[]) => string;

/**
 * The sum of penalties, `Σ λ Σ|w|` and `Σ λ Σw²`. Unlike weight decay it is part of the loss, and an
 * optimiser treats its gradient like any other.
 *
 * @throws ConfigError if a coefficient is out of range; when it is appended, if a pattern matches no
 *   parameter
 */
export function penalties(configs: readonly PenaltyConfig[]): Regularizer {
  if (configs.length === 0) {
    throw new ConfigError('regularizer: no penalty given, expected at least 1');
  }
  configs.forEach(({ kind, coefficient }, i) => {
    if (kind !== 'l1' && kind !== 'l2') {
      throw new ConfigError(`regularizer: kind of penalty ${i} is "${kind}", expected l1 or l2`);
    }
    if (!(coefficient >= 0 && coefficient < Infinity)) {
      throw new ConfigError(
        `regularizer: coefficient of penalty ${i} is ${coefficient}, expected a finite number >= 0`,
      );
    }
  });
  return (g, parameters) => {
    const terms = configs.flatMap(({ kind, coefficient, parameters: pattern = '*' }) =>
      [...matchNames('regularizer', pattern, parameters)].map((name) => {
        const sum = g.op(kind === 'l1' ? 'ReduceL1' : 'ReduceSumSquare', [name], { keepdims: 0 });
        return g.op('Mul', [sum, g.float(coefficient)]);
      }),
    );
    return terms.reduce((total, term) => g.op('Add', [total, term]));
  };
}
