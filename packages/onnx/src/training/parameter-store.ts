import { DataError } from '@baal/core';
import { sizeOf, type TensorData } from '../graph/tensor-data.ts';

/** Named Float32 arrays side by side in one buffer, so that an optimiser makes one loop over all. */
export interface ParameterStore {
  /** All values, in the order of `names`. */
  readonly flat: Float32Array;
  /** Names, in order. */
  readonly names: readonly string[];
  /** Extents by name. */
  shape(name: string): readonly number[];
  /** The part of `flat` that belongs to a name: a view, not a copy. */
  view(name: string): Float32Array;
  /** Copies of all values by name. */
  snapshot(): Map<string, TensorData>;
  /** Copies values in; names that the store does not have are ignored. @throws DataError if a type or shape differs. */
  assign(values: ReadonlyMap<string, TensorData>): void;
}

/** A store that starts with the given values. */
export function parameterStore(initial: ReadonlyMap<string, TensorData>): ParameterStore {
  const names = [...initial.keys()];
  const shapes = new Map<string, readonly number[]>();
  const views = new Map<string, Float32Array>();
  const total = [...initial.values()].reduce((sum, tensor) => sum + sizeOf(tensor.shape), 0);
  const flat = new Float32Array(total);
  let offset = 0;
  for (const [name, tensor] of initial) {
    const size = sizeOf(tensor.shape);
    shapes.set(name, tensor.shape);
    views.set(name, flat.subarray(offset, offset + size));
    offset += size;
  }
  const view = (name: string): Float32Array => {
    const found = views.get(name);
    if (found === undefined) {
      throw new DataError(
        `parameterStore: "${name}" is unknown, expected one of ${names.join(', ')}`,
      );
    }
    return found;
  };
  const store: ParameterStore = {
    flat,
    names,
    view,
    shape: (name) => shapes.get(name) ?? [],
    snapshot: () =>
      new Map(
        names.map((name) => [
          name,
          { type: 'float32', shape: shapes.get(name) ?? [], data: view(name).slice() },
        ]),
      ),
    assign(values) {
      for (const [name, tensor] of values) {
        const target = views.get(name);
        if (target === undefined) continue;
        const wanted = shapes.get(name) ?? [];
        if (
          tensor.type !== 'float32' ||
          tensor.data.length !== target.length ||
          tensor.shape.join() !== wanted.join()
        ) {
          throw new DataError(
            `parameterStore: "${name}" is ${tensor.type} [${tensor.shape.join(', ')}], expected float32 [${wanted.join(', ')}]`,
          );
        }
        target.set(tensor.data as Float32Array);
      }
    },
  };
  store.assign(initial);
  return store;
}
