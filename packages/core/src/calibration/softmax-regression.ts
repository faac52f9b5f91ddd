/**
 * The softmax of rows `[N, C]`, written into `logits`, and the mean negative log-likelihood of the
 * labels, from the logits and not from rounded probabilities. O(N C).
 */
export function softmaxRows(
  logits: Float64Array,
  C: number,
  labels: ArrayLike<number> | null,
): number {
  const N = logits.length / C;
  let nll = 0;
  for (let n = 0; n < N; n++) {
    const row = logits.subarray(n * C, (n + 1) * C);
    let max = Number.NEGATIVE_INFINITY;
    for (let c = 0; c < C; c++) max = Math.max(max, row[c] as number);
    let sum = 0;
    for (let c = 0; c < C; c++) sum += Math.exp((row[c] as number) - max);
    const log = max + Math.log(sum);
    if (labels !== null) nll += log - (row[labels[n] as number] as number);
    for (let c = 0; c < C; c++) row[c] = Math.exp((row[c] as number) - log);
  }
  return nll / N;
}

/** Logarithms of the softmax of rows, in a new array. O(N C). */
export function logSoftmaxRows(logits: Float64Array, C: number): Float64Array {
  const out = Float64Array.from(logits);
  for (let start = 0; start < out.length; start += C) {
    const row = out.subarray(start, start + C);
    let max = Number.NEGATIVE_INFINITY;
    for (let c = 0; c < C; c++) max = Math.max(max, row[c] as number);
    let sum = 0;
    for (let c = 0; c < C; c++) sum += Math.exp((row[c] as number) - max);
    const log = max + Math.log(sum);
    for (let c = 0; c < C; c++) row[c] = (row[c] as number) - log;
  }
  return out;
}

/** The logits `W x + b` of rows `[N, C]`; parameters are W `[C, C]` (out, in), then b `[C]`. O(N C^2). */
export function linearLogits(x: Float64Array, C: number, parameters: Float64Array): Float64Array {
  const out = new Float64Array(x.length);
  for (let start = 0; start < x.length; start += C) {
    for (let i = 0; i < C; i++) {
      let sum = parameters[C * C + i] as number;
      for (let j = 0; j < C; j++) {
        sum += (parameters[i * C + j] as number) * (x[start + j] as number);
      }
      out[start + i] = sum;
    }
  }
  return out;
}

/** Mean nll of `softmax(W x + b)`; its gradient is added to `gradient`. O(N C^2). */
export function linearNll(
  x: Float64Array,
  C: number,
  labels: Int32Array,
  parameters: Float64Array,
  gradient: Float64Array,
): number {
  const N = labels.length;
  const probs = linearLogits(x, C, parameters);
  const nll = softmaxRows(probs, C, labels);
  for (let n = 0; n < N; n++) {
    for (let i = 0; i < C; i++) {
      const error = ((probs[n * C + i] as number) - (labels[n] === i ? 1 : 0)) / N;
      for (let j = 0; j < C; j++) {
        gradient[i * C + j] = (gradient[i * C + j] as number) + error * (x[n * C + j] as number);
      }
      gradient[C * C + i] = (gradient[C * C + i] as number) + error;
    }
  }
  return nll;
}

/** The logits `w x + b`, class by class; parameters are w `[C]`, then b `[C]`. O(N C). */
export function diagonalLogits(x: Float64Array, C: number, parameters: Float64Array): Float64Array {
  return x.map(
    (value, i) => (parameters[i % C] as number) * value + (parameters[C + (i % C)] as number),
  );
}

/** Mean nll of `softmax(w x + b)`; its gradient is added to `gradient`. O(N C). */
export function diagonalNll(
  x: Float64Array,
  C: number,
  labels: Int32Array,
  parameters: Float64Array,
  gradient: Float64Array,
): number {
  const N = labels.length;
  const probs = diagonalLogits(x, C, parameters);
  const nll = softmaxRows(probs, C, labels);
  for (let i = 0; i < x.length; i++) {
    const c = i % C;
    const error = ((probs[i] as number) - (labels[Math.floor(i / C)] === c ? 1 : 0)) / N;
    gradient[c] = (gradient[c] as number) + error * (x[i] as number);
    gradient[C + c] = (gradient[C + c] as number) + error;
  }
  return nll;
}
