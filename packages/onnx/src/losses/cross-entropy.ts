import { ConfigError, LabelError, ShapeError } from '@baal/core';
import { sizeOf } from '../graph/tensor-data.ts';
import type { Loss, LossOutput, Target } from './loss.ts';
import { itemShape, rowsOf, rowTensor, targetValues } from './targets.ts';

/** Settings of {@link crossEntropy}. */
export interface CrossEntropyOptions {
  /** Weight of each class, `[C]`; all 1 by default. */
  readonly classWeights?: readonly number[];
  /** Share of a target that is spread evenly over all classes, in [0, 1); 0 by default. */
  readonly labelSmoothing?: number;
  /** Label of positions that are left out; -100 by default. */
  readonly ignoreIndex?: number;
  /** Axis of the classes in the output; 1 by default, -1 is the last one. */
  readonly classAxis?: number;
}

const where = 'crossEntropy';

/**
 * Cross-entropy of logits with class labels, one label an item, pixel or token, in nats. With
 * weights w, smoothing ε and C classes, the loss of a label y is
 * `(1 - ε) w[y] (-ln p[y]) + ε/C Σ_c w[c] (-ln p[c])`; the result is their sum over Σ w[y].
 *
 * The graph gets `-Σ T · logSoftmax(output)`, its only new input the matrix T of soft targets, already
 * divided: whatever the settings, its gradient is T's and one softmax. A batch of left-out labels only
 * has loss 0.
 *
 * @throws ConfigError if a setting is out of range.
 * @see Szegedy et al. 2016, Rethinking the Inception Architecture, section 7, for the smoothing
 */
export function crossEntropy(options: CrossEntropyOptions = {}): Loss {
  const { classWeights, labelSmoothing = 0, ignoreIndex = -100, classAxis = 1 } = options;
  if (!(labelSmoothing >= 0 && labelSmoothing < 1)) {
    throw new ConfigError(
      `${where}: labelSmoothing is ${labelSmoothing}, expected a number in [0, 1)`,
    );
  }
  if (!Number.isInteger(classAxis) || !Number.isInteger(ignoreIndex)) {
    throw new ConfigError(
      `${where}: classAxis is ${classAxis} and ignoreIndex ${ignoreIndex}, expected integers`,
    );
  }
  const wrong = classWeights?.findIndex((weight) => !(weight >= 0 && weight < Infinity)) ?? -1;
  if (wrong >= 0) {
    throw new ConfigError(
      `${where}: classWeights[${wrong}] is ${classWeights?.[wrong]}, expected a finite number >= 0`,
    );
  }

  const layout = (output: LossOutput): Layout => {
    const found = layoutOf(output, classAxis);
    if (classWeights !== undefined && classWeights.length !== found.classes) {
      throw new ConfigError(
        `${where}: classWeights has ${classWeights.length} values, expected one for each of the ${found.classes} classes of output "${output.name}"`,
      );
    }
    return found;
  };

  return {
    name: where,
    classAxis: (output) => layout(output).axis,
    append(g, output, prefix) {
      const { axis, shape } = layout(output);
      const targets = rowsOf(`${prefix}/classes`, shape);
      g.input(targets);
      const logProbs = g.op('LogSoftmax', [output.name], { axis });
      const loss = g.op('ReduceSum', [g.op('Mul', [logProbs, targets.name])], { keepdims: 0 });
      return { loss, inputs: [targets] };
    },
    feeds(targets, output, prefix, nameOf) {
      const found = layout(output);
      const { shape, classes, inner } = found;
      const labels = readLabels(targets, found, ignoreIndex, nameOf);
      const weights = classWeights ?? Array.from({ length: classes }, () => 1);
      let total = 0;
      for (const label of labels) if (label >= 0) total += weights[label] as number;
      const soft = new Float32Array(targets.length * sizeOf(shape));
      const own = total === 0 ? 0 : -(1 - labelSmoothing) / total;
      const spread = total === 0 ? 0 : -labelSmoothing / classes / total;
      for (let p = 0; p < labels.length; p++) {
        const label = labels[p] as number;
        if (label < 0) continue;
        // Position p of the batch is (block, column): classes lie `inner` values apart.
        const column = p % inner;
        const first = (p - column) * classes + column;
        if (spread !== 0) {
          for (let c = 0; c < classes; c++)
            soft[first + c * inner] = spread * (weights[c] as number);
        }
        const index = first + label * inner;
        soft[index] = (soft[index] as number) + own * (weights[label] as number);
      }
      return { [`${prefix}/classes`]: rowTensor(soft, shape, targets.length) };
    },
  };
}

interface Layout {
  /** Axis of the classes in the output. */
  readonly axis: number;
  /** Extents of an item's logits. */
  readonly shape: readonly number[];
  readonly classes: number;
  /** Extents of an item's labels. */
  readonly positions: readonly number[];
  /** Number of values behind the class axis. */
  readonly inner: number;
}

function layoutOf(output: LossOutput, classAxis: number): Layout {
  const shape = itemShape(where, output);
  const rank = shape.length + 1;
  const axis = classAxis < 0 ? classAxis + rank : classAxis;
  if (axis < 1 || axis >= rank) {
    throw new ShapeError(
      `${where}: output "${output.name}" has ${rank} axes, expected classes on axis ${classAxis} behind the batch`,
    );
  }
  return {
    axis,
    shape,
    classes: shape[axis - 1] as number,
    positions: shape.filter((_, i) => i !== axis - 1),
    inner: sizeOf(shape.slice(axis)),
  };
}

/** The labels of a batch, one a position; -1 where it is left out. */
function readLabels(
  targets: readonly (Target | undefined)[],
  { positions, classes }: Layout,
  ignoreIndex: number,
  nameOf: (i: number) => string,
): Int32Array {
  const size = sizeOf(positions);
  const labels = new Int32Array(targets.length * size);
  for (let i = 0; i < targets.length; i++) {
    const values = targetValues(where, targets[i], positions, nameOf(i));
    for (let j = 0; j < size; j++) {
      const label = Number(values[j]);
      if (label === ignoreIndex) {
        labels[i * size + j] = -1;
        continue;
      }
      if (!Number.isInteger(label) || label < 0 || label >= classes) {
        const place = size === 1 ? '' : ` at position ${j}`;
        throw new LabelError(
          `${where}: the label of ${nameOf(i)}${place} is not a class, expected an integer 0 … ${classes - 1}, or ${ignoreIndex} to leave it out, got ${label}`,
        );
      }
      labels[i * size + j] = label;
    }
  }
  return labels;
}
