/** One softmax regression: weights `[C, D + 1]`, the last column the bias. Float64 throughout. */
export interface SoftmaxMember {
  /** Weights, row-major. */
  readonly weights: Float64Array;
  /** C, the number of classes. */
  readonly classes: number;
  /** D, the number of features. */
  readonly features: number;
}

/** Class probabilities `[C]` of one input `[D]`: softmax of W x + b. Cost O(C D). */
export function memberProbabilities(member: SoftmaxMember, x_D: ArrayLike<number>): Float64Array {
  const { weights, classes, features } = member;
  const probs_C = new Float64Array(classes);
  let highest = Number.NEGATIVE_INFINITY;
  for (let c = 0; c < classes; c++) {
    const row = c * (features + 1);
    let logit = weights[row + features] as number;
    for (let d = 0; d < features; d++) logit += (weights[row + d] as number) * (x_D[d] as number);
    probs_C[c] = logit;
    if (logit > highest) highest = logit;
  }
  let sum = 0;
  for (let c = 0; c < classes; c++) {
    const e = Math.exp((probs_C[c] as number) - highest);
    probs_C[c] = e;
    sum += e;
  }
  for (let c = 0; c < classes; c++) probs_C[c] = (probs_C[c] as number) / sum;
  return probs_C;
}

/** One step of gradient descent on the mean cross-entropy of a batch; returns that loss in nats. */
export function memberStep(
  member: SoftmaxMember,
  batch: readonly { readonly x_D: ArrayLike<number>; readonly y: number }[],
  learningRate: number,
): number {
  const { weights, classes, features } = member;
  const gradient = new Float64Array(weights.length);
  let loss = 0;
  for (const { x_D, y } of batch) {
    const probs_C = memberProbabilities(member, x_D);
    loss -= Math.log(probs_C[y] as number);
    for (let c = 0; c < classes; c++) {
      const row = c * (features + 1);
      const slope = (probs_C[c] as number) - (c === y ? 1 : 0);
      for (let d = 0; d < features; d++) {
        gradient[row + d] = (gradient[row + d] as number) + slope * (x_D[d] as number);
      }
      gradient[row + features] = (gradient[row + features] as number) + slope;
    }
  }
  for (let i = 0; i < weights.length; i++) {
    weights[i] = (weights[i] as number) - (learningRate / batch.length) * (gradient[i] as number);
  }
  return loss / batch.length;
}
