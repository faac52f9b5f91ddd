import { ConfigError, LabelError } from '@baal/core';
import { sizeOf } from '../graph/tensor-data.ts';
import type { Loss, LossOutput } from './loss.ts';
import { itemShape, rowsOf, rowTensor, stackTargets } from './targets.ts';

/** Settings of {@link binaryCrossEntropyWithLogits}. */
export interface BinaryCrossEntropyOptions {
  /** Factor of the positive term: one number, or one for each label along axis 1; 1 by default. */
  readonly posWeight?: number | readonly number[];
}

const where = 'binaryCrossEntropyWithLogits';

/**
 * Mean over all elements of `-(w y ln σ(x) + (1 - y) ln(1 - σ(x)))`, in nats: for one binary output or
 * for several labels an item. Targets are numbers in [0, 1] in the shape of the output.
 *
 * As `Σ A · softplus(x) + B · softplus(-x)` with A = (1 - y)/n and B = w y/n fed: both terms are exact
 * for logits of any size.
 *
 * @throws ConfigError if a weight is negative or not finite.
 */
export function binaryCrossEntropyWithLogits(options: BinaryCrossEntropyOptions = {}): Loss {
  const { posWeight = 1 } = options;
  const given = typeof posWeight === 'number' ? [posWeight] : posWeight;
  const wrong = given.findIndex((weight) => !(weight >= 0 && weight < Infinity));
  if (wrong >= 0) {
    throw new ConfigError(
      `${where}: posWeight is ${given[wrong]} at position ${wrong}, expected a finite number >= 0`,
    );
  }

  /** Weight of each element of an item. */
  const weightsOf = (output: LossOutput): Float64Array => {
    const shape = itemShape(where, output);
    const weights = new Float64Array(sizeOf(shape));
    if (typeof posWeight === 'number') return weights.fill(posWeight);
    if (posWeight.length !== shape[0]) {
      throw new ConfigError(
        `${where}: posWeight has ${posWeight.length} values, expected one for each of the ${shape[0] ?? 0} labels of output "${output.name}"`,
      );
    }
    const inner = sizeOf(shape.slice(1));
    return weights.map((_, j) => posWeight[Math.floor(j / inner)] as number);
  };

  return {
    name: where,
    append(g, output, prefix) {
      weightsOf(output);
      const shape = itemShape(where, output);
      const [absent, present] = [
        rowsOf(`${prefix}/absent`, shape),
        rowsOf(`${prefix}/present`, shape),
      ];
      const term = (logit: string, weight: string): string =>
        g.op('Mul', [g.op('Softplus', [logit]), weight]);
      const terms = g.op('Add', [
        term(output.name, g.input(absent)),
        term(g.op('Neg', [output.name]), g.input(present)),
      ]);
      return {
        loss: g.op('ReduceSum', [terms], { keepdims: 0 }),
        inputs: [absent, present],
      };
    },
    feeds(targets, output, prefix, nameOf) {
      const shape = itemShape(where, output);
      const weights = weightsOf(output);
      const labels = stackTargets(where, targets, shape, nameOf);
      const n = labels.length;
      const [absent, present] = [new Float32Array(n), new Float32Array(n)];
      for (let j = 0; j < n; j++) {
        const label = labels[j] as number;
        if (label < 0 || label > 1) {
          const item = Math.floor(j / weights.length);
          throw new LabelError(
            `${where}: the target of ${nameOf(item)} is out of range at position ${j % weights.length}, expected a number in [0, 1], got ${label}`,
          );
        }
        absent[j] = (1 - label) / n;
        present[j] = ((weights[j % weights.length] as number) * label) / n;
      }
      return {
        [`${prefix}/absent`]: rowTensor(absent, shape, targets.length),
        [`${prefix}/present`]: rowTensor(present, shape, targets.length),
      };
    },
  };
}
