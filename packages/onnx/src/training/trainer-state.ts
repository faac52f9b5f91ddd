import type { NdArray } from '@baal/core';
import type { TensorData } from '../graph/tensor-data.ts';
import type { Trainer } from './trainer.ts';

/** Weights, running statistics and optimiser of a trainer as named arrays. */
export function encodeState(trainer: Trainer): Map<string, NdArray> {
  const state = new Map<string, NdArray>();
  for (const [name, { data, shape }] of trainer.weights()) {
    state.set(`weights/${name}`, { data: data as Float32Array, shape });
  }
  for (const [name, array] of trainer.optimizer.state()) state.set(`optimizer/${name}`, array);
  return state;
}

/** The two parts of what {@link encodeState} returned. */
export function decodeState(state: ReadonlyMap<string, NdArray>): {
  readonly weights: ReadonlyMap<string, TensorData>;
  readonly optimizer: ReadonlyMap<string, NdArray>;
} {
  const weights = new Map<string, TensorData>();
  const optimizer = new Map<string, NdArray>();
  for (const [name, array] of state) {
    const [part, rest] = [name.slice(0, name.indexOf('/')), name.slice(name.indexOf('/') + 1)];
    if (part === 'optimizer') optimizer.set(rest, array);
    else if (part === 'weights') {
      weights.set(rest, { type: 'float32', shape: array.shape, data: array.data as Float32Array });
    }
  }
  return { weights, optimizer };
}
