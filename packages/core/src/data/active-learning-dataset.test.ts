import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  ConfigError,
  DataError,
  LabelError,
  PoolExhaustedError,
  ShapeError,
  StateError,
} from '../errors.ts';
import { createRng } from '../random/create-rng.ts';
import { ActiveLearningDataset } from './active-learning-dataset.ts';
import { arrayDataset } from './array-dataset.ts';
import type { Dataset, ExampleId, PoolIndex } from './dataset.ts';
import type { DatasetWarning } from './dataset-warning.ts';
import { poolIndex } from './positions.ts';

const at = (...positions: number[]): PoolIndex[] => positions.map(poolIndex);
const numbers = (n: number): Dataset<number> =>
  arrayDataset(Array.from({ length: n }, (_, i) => i));
const all = async <T>(dataset: Dataset<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: dataset.length }, (_, i) => dataset.get(i)));

/** Labels 'held' are known; others come through `label`. */
function labelable(n: number, held?: (index: number) => boolean) {
  const labels = new Array<unknown>(n).fill(null);
  const dataset: Dataset<{ x: number; y: unknown }> = {
    length: n,
    get: (index) => ({ x: index, y: labels[index] }),
    label: (index, value) => {
      if (value === 'refused') throw new LabelError('label: refused');
      labels[index] = value;
    },
    ...(held && { hasLabel: held }),
  };
  return { dataset, labels };
}

describe('pool and rounds', () => {
  it('refuses a selection of an earlier round and says how to go on', () => {
    const dataset = new ActiveLearningDataset(numbers(6));
    const pool = dataset.pool;
    const selection = pool.select([1, -1]);
    expect(selection.positions).toEqual([1, 5]);
    dataset.label(at(0));
    expect(pool.isStale).toBe(true);
    expect(() => dataset.label(selection)).toThrow(StateError);
    expect(() => dataset.label(selection)).toThrow(/stale.*take dataset\.pool again/);
    expect(dataset.labelledMap).toEqual([1, 0, 0, 0, 0, 0]);
    dataset.label(dataset.pool.select([1, -1]));
    expect(dataset.labelledMap).toEqual([1, 0, 2, 0, 0, 2]);
  });

  it('is stale after a reset and after loading a state too', () => {
    const dataset = new ActiveLearningDataset(numbers(4));
    const first = dataset.pool;
    dataset.resetLabelled();
    expect(first.isStale).toBe(true);
    const second = dataset.pool;
    dataset.loadStateDict({ labelled: [0, 0, 0, 0] });
    expect(second.isStale).toBe(true);
  });

  it('keeps its items while the dataset grows, and stays usable', () => {
    const items = [0, 1, 2];
    const dataset = new ActiveLearningDataset(arrayDataset(items));
    const pool = dataset.pool;
    expect(dataset.pool).toBe(pool);
    items.push(3, 4);
    expect(dataset.nUnlabelled).toBe(5);
    expect(dataset.pool.length).toBe(5);
    expect(pool.length).toBe(3);
    expect(() => pool.get(3)).toThrow(RangeError);
    expect(pool.isStale).toBe(false);
    dataset.label(pool.select([2]));
    expect(dataset.labelledMap).toEqual([0, 0, 1, 0, 0]);
    items.push(5);
    expect(dataset.pool.datasetIndex(-1)).toBe(5);
    expect(dataset.datasetToPool(5)).toBe(4);
    items.length = 2;
    expect(() => dataset.length).toThrow(/lost items.*only be appended/);
  });

  it('applies makeUnlabelled to asynchronous items as well', async () => {
    const source: Dataset<number> = { length: 2, get: async (index) => index };
    const dataset = new ActiveLearningDataset(source, { makeUnlabelled: (x) => -x - 1 });
    expect(await all(dataset.pool)).toEqual([-1, -2]);
    dataset.label(at(0));
    expect(await all(dataset)).toEqual([0]);
    const iterated: number[] = [];
    for await (const item of dataset) iterated.push(item);
    expect(iterated).toEqual([0]);
  });
});

describe('labelling', () => {
  it('changes nothing if the dataset refuses one of the labels', () => {
    const { dataset: wrapped } = labelable(4);
    const dataset = new ActiveLearningDataset(wrapped);
    expect(() => dataset.label(at(0, 1), ['cat', 'refused'])).toThrow('refused');
    expect(dataset.labelledMap).toEqual([0, 0, 0, 0]);
    expect(dataset.stateDict().labels).toEqual([]);
    dataset.label(at(0, 1), ['dog', 'cat']);
    expect(dataset.get(0)).toEqual({ x: 0, y: 'dog' });
  });

  it('labels by id, and refuses ids that are unknown, labelled or repeated', () => {
    const ids = ['a', 'b', 'c'] as ExampleId[];
    const source: Dataset<number> = { ...numbers(3), id: (i) => ids[i] as ExampleId };
    const dataset = new ActiveLearningDataset(source);
    dataset.labelIds(['c' as ExampleId]);
    expect(dataset.id(0)).toBe('c');
    expect(dataset.pool.id(1)).toBe('b');
    expect(dataset.idOf(-1)).toBe('c');
    expect(() => dataset.labelIds(['z' as ExampleId])).toThrow(/unknown id.*"z"/);
    expect(() => dataset.labelIds(['c' as ExampleId])).toThrow(
      /"c" is labelled already \(at step 1/,
    );
    expect(() => dataset.labelIds(['a', 'a'] as ExampleId[])).toThrow(LabelError);
    expect(dataset.nLabelled).toBe(1);
    const repeated = new ActiveLearningDataset({ ...source, id: () => 'a' as ExampleId });
    expect(() => repeated.indexOfId('b' as ExampleId)).toThrow(DataError);
  });

  it('reads ids without a method as positions, in one spelling only', () => {
    const dataset = new ActiveLearningDataset(numbers(12));
    expect(dataset.indexOfId('11' as ExampleId)).toBe(11);
    for (const wrong of ['12', '-1', '01', '1.0', ' 1', '1e0', '', 'NaN']) {
      expect(() => dataset.indexOfId(wrong as ExampleId)).toThrow(RangeError);
    }
  });

  it('draws at random from a labelable dataset once it says which labels it holds', () => {
    const unknown = new ActiveLearningDataset(labelable(4).dataset, { rng: createRng(1) });
    expect(() => unknown.labelRandomly(2)).toThrow(/no label was provided.*hasLabel/);
    unknown.canLabel = false;
    unknown.labelRandomly(2);
    expect(unknown.nLabelled).toBe(2);

    const { dataset: wrapped, labels } = labelable(4, (index) => index < 3);
    const some = new ActiveLearningDataset(wrapped, { rng: createRng(1) });
    expect(() => some.labelRandomly(4)).toThrow(/no label was provided for item "3"/);
    expect(some.nLabelled).toBe(0);
    some.label(at(0, 3), [undefined, 'given']);
    expect(labels).toEqual([null, null, null, 'given']);
    expect(some.stateDict().labels).toEqual([[3, 'given']]);
  });

  it('asks for a stream, and draws each set equally often', () => {
    expect(() => new ActiveLearningDataset(numbers(3)).labelRandomly(1)).toThrow(/option rng/);
    expect(() => new ActiveLearningDataset(numbers(3)).labelRandomly(4, createRng(0))).toThrow(
      PoolExhaustedError,
    );
    // 10 sets of 2 out of 5; chi-square with 9 degrees of freedom is above 39.6 once in 1e5.
    const counts = new Map<string, number>();
    const rng = createRng('sets');
    for (let i = 0; i < 2000; i++) {
      const dataset = new ActiveLearningDataset(numbers(5), { rng: rng.fork(i) });
      dataset.labelRandomly(2);
      const key = dataset.labelledMap.join('');
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    expect(counts.size).toBe(10);
    const chiSquare = [...counts.values()].reduce((sum, c) => sum + (c - 200) ** 2 / 200, 0);
    expect(chiSquare).toBeLessThan(39.6);
  });

  it('labels as many of every class', async () => {
    const source = numbers(20); // classes 0: 0-9, 1: 10-16, 2: 17-19
    const classOf = (x: number): number => (x < 10 ? 0 : x < 17 ? 1 : 2);
    const perClass = (dataset: ActiveLearningDataset<number>): number[] => {
      const counts = [0, 0, 0];
      for (let i = 0; i < dataset.length; i++) {
        const c = classOf(dataset.get(i) as number);
        counts[c] = (counts[c] as number) + 1;
      }
      return counts;
    };
    for (const [n, expected] of [
      [6, [2, 2, 2]],
      [7, [3, 2, 2]],
      [8, [3, 3, 2]],
      [2, [1, 1, 0]],
      [0, [0, 0, 0]],
    ] as const) {
      const dataset = new ActiveLearningDataset(source, { rng: createRng(n) });
      await dataset.labelBalanced(n, classOf);
      expect(perClass(dataset)).toEqual(expected);
      expect(dataset.currentAlStep).toBe(n > 0 ? 1 : 0);
    }
    const dataset = new ActiveLearningDataset(source, { rng: createRng(0) });
    await expect(dataset.labelBalanced(12, classOf)).rejects.toThrow(
      /class 2 has too few.*at least 4.*got 3/,
    );
    await expect(dataset.labelBalanced(1, () => null)).rejects.toThrow(PoolExhaustedError);
    expect(dataset.nLabelled).toBe(0);
    const maps = [1, 2].map(async (seed) => {
      const drawn = new ActiveLearningDataset(source, { rng: createRng(seed) });
      await drawn.labelBalanced(6, classOf);
      return drawn.labelledMap.join('');
    });
    const [one, two] = await Promise.all(maps);
    expect(one).not.toBe(two);
  });

  it('refuses a balanced draw if labels changed while it read the pool', async () => {
    const dataset = new ActiveLearningDataset(numbers(4), { rng: createRng(0) });
    const drawing = dataset.labelBalanced(2, () => 'any');
    dataset.label(at(0));
    await expect(drawing).rejects.toThrow(StateError);
  });

  it('checks its arguments', () => {
    const dataset = new ActiveLearningDataset(numbers(4), { rng: createRng(0) });
    expect(() => dataset.label(at(0, 1), [1])).toThrow(ShapeError);
    expect(() => dataset.label(at(4))).toThrow(RangeError);
    expect(() => dataset.label('a' as unknown as PoolIndex)).toThrow(TypeError);
    expect(() => dataset.labelRandomly(1.5)).toThrow(RangeError);
    expect(() => new ActiveLearningDataset(numbers(4), { labelled: [1] })).toThrow(ShapeError);
    expect(() => new ActiveLearningDataset(numbers(2), { labelled: [-1, 0] })).toThrow(RangeError);
    expect(() => new ActiveLearningDataset(numbers(2), { lastActiveSteps: 1.5 })).toThrow(
      RangeError,
    );
  });
});

describe('state', () => {
  it('survives JSON: same items, same labels, same next draw', () => {
    const source = labelable(30, () => true);
    const original = new ActiveLearningDataset(source.dataset, { rng: createRng(5) });
    original.label(at(3, 7), ['cat', { box: [1, 2] }]);
    original.labelRandomly(4);
    const state = original.stateDict();
    const text = JSON.stringify(state);
    const target = labelable(31, () => true); // one item was appended since
    const restored = new ActiveLearningDataset(target.dataset, { rng: createRng(99) });
    restored.loadStateDict(JSON.parse(text));
    expect(restored.labelledMap).toEqual([...original.labelledMap, 0]);
    expect(target.labels.slice(0, 30)).toEqual(source.labels);
    expect(JSON.stringify(restored.stateDict().labels)).toBe(JSON.stringify(state.labels));
    expect(restored.stateDict().rng).toEqual(state.rng);
    const twin = new ActiveLearningDataset(labelable(30, () => true).dataset);
    twin.loadStateDict(JSON.parse(text));
    original.labelRandomly(5);
    twin.labelRandomly(5);
    expect(twin.labelledMap).toEqual(original.labelledMap);
    expect(JSON.stringify(state)).toBe(text); // not live
  });

  it('shares no label with the caller', () => {
    const { dataset: wrapped } = labelable(2);
    const dataset = new ActiveLearningDataset(wrapped);
    const mask = new Float32Array([1, 2]);
    const box = { corners: [1, 2] };
    dataset.label(at(0, 1), [mask, box]);
    const state = dataset.stateDict();
    mask[0] = 9;
    box.corners[0] = 9;
    const expected = [
      [0, new Float32Array([1, 2])],
      [1, { corners: [1, 2] }],
    ];
    expect(state.labels).toEqual(expected);
    (state.labels[0]?.[1] as Float32Array)[0] = 7;
    expect(dataset.stateDict().labels).toEqual(expected);
  });

  it('refuses a state that does not fit', () => {
    const dataset = new ActiveLearningDataset(numbers(2));
    expect(() => dataset.loadStateDict({ labelled: [1, 0, 1] })).toThrow(StateError);
    expect(() => dataset.loadStateDict({ labelled: [1, 0], labels: [[0, 'a']] })).toThrow(
      /holds 1 labels.*got one that cannot/,
    );
    const store = new ActiveLearningDataset(labelable(2).dataset);
    expect(() => store.loadStateDict({ labelled: [1, 0], labels: [[1, 'a']] })).toThrow(
      /got one for item 1/,
    );
  });
});

describe('poolSpecifics', () => {
  it('uses with(overrides) where the dataset offers it, and renews a view that does not grow', () => {
    const items = [1, 2];
    const make = (scale: number): Dataset<number> => {
      const { length } = items;
      return {
        get length() {
          return scale === 1 ? items.length : length; // views are snapshots
        },
        get: (i) => (items[i] as number) * scale,
        with: ({ scale: other }) => make(other as number),
        ...(scale === 1 && { id: (i: number) => `item-${i}` as ExampleId }), // views have none
      };
    };
    const dataset = new ActiveLearningDataset(make(1), { poolSpecifics: { scale: -1 } });
    items.push(3);
    expect(dataset.pool.get(-1)).toBe(-3);
    expect(dataset.pool.id(-1)).toBe('item-2');
    dataset.label(at(2));
    expect(dataset.get(0)).toBe(3);
  });

  it('refuses unknown names, and datasets with private state', () => {
    class Private {
      readonly #n = 3;
      transform = 0;
      get length(): number {
        return this.#n;
      }
      get(index: number): number {
        return index + this.transform;
      }
    }
    expect(
      () => new ActiveLearningDataset(new Private(), { poolSpecifics: { augment: 1 } }),
    ).toThrow(/unknown name, expected a field of the dataset \('transform'\), got 'augment'/);
    expect(
      () => new ActiveLearningDataset(new Private(), { poolSpecifics: { transform: 1 } }),
    ).toThrow(ConfigError);
  });
});

describe('warnings', () => {
  const warningsOf = async (get: () => unknown): Promise<string[]> => {
    const warnings: DatasetWarning[] = [];
    new ActiveLearningDataset(
      { length: 1, get },
      { onWarning: (warning) => warnings.push(warning) },
    );
    await Promise.resolve();
    await Promise.resolve();
    await Promise.resolve();
    return warnings.map(({ code }) => code);
  };

  it('notices augmentation in the pool, also if items come later', async () => {
    let reads = 0;
    expect(await warningsOf(() => ({ input: new Float32Array([reads++]) }))).toEqual([
      'stochastic-pool',
    ]);
    expect(await warningsOf(async () => [reads++])).toEqual(['stochastic-pool']);
    expect(await warningsOf(() => ({ input: new Float32Array([Number.NaN]), empty: {} }))).toEqual(
      [],
    );
    expect(await warningsOf(() => Promise.reject(new Error('unreadable')))).toEqual([]);
  });
});

describe('types', () => {
  it('keeps index spaces and item types apart', () => {
    expectTypeOf<ExampleId>().not.toExtend<PoolIndex>();
    expectTypeOf<PoolIndex>().not.toExtend<ExampleId>();
    expectTypeOf<number>().not.toExtend<PoolIndex>();
    expectTypeOf<string>().not.toExtend<ExampleId>();
    type Item = { readonly x: number };
    const dataset = new ActiveLearningDataset<Item>(arrayDataset([{ x: 1 }]));
    expectTypeOf(dataset).toExtend<Dataset<Item>>();
    expectTypeOf(dataset.pool.get(0)).toEqualTypeOf<Item | Promise<Item>>();
    expectTypeOf(dataset.datasetToPool(0)).toEqualTypeOf<PoolIndex>();
    expectTypeOf(dataset.poolToDataset).parameter(0).toEqualTypeOf<PoolIndex>();
    // @ts-expect-error a plain number may be a dataset index
    expect(() => dataset.label([7])).toThrow(RangeError);
    // @ts-expect-error an id is no pool position
    expect(() => dataset.label(['a' as ExampleId])).toThrow(TypeError);
    // @ts-expect-error a pool position is no id
    expect(() => dataset.labelIds([poolIndex(3)])).toThrow(RangeError);
  });
});
