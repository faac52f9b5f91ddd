import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createRng } from '../random/create-rng.ts';
import { ActiveLearningDataset } from './active-learning-dataset.ts';
import type { ActiveLearningDatasetState } from './active-learning-options.ts';
import type { Dataset, PoolIndex } from './dataset.ts';
import type { DatasetWarning } from './dataset-warning.ts';
import type { Pool } from './pool.ts';

/** Scenarios recorded with Baal; the manifest describes its fields. */
interface State {
  readonly labelled_map: number[];
  readonly n_labelled: number;
  readonly n_unlabelled: number;
  readonly current_al_step: number;
  readonly length: number;
  readonly active_indices: number[];
  readonly pool_length: number;
  readonly pool_oracle_indices: number[];
  readonly can_label: boolean;
  readonly dataset_labels?: number[];
}
interface Step {
  readonly op: string;
  readonly args: Record<string, unknown>;
  readonly result?: unknown;
  readonly error?: { readonly type: string };
  readonly warnings?: readonly unknown[];
  readonly state?: State;
  readonly quirk?: string;
}
interface Case {
  readonly id: string;
  readonly text: string;
  readonly setup: {
    readonly dataset: { kind: string; n: number; scale?: number; classes?: number };
    readonly labelled?: (number | boolean)[];
    readonly last_active_steps?: number;
    readonly pool_specifics?: Record<string, unknown>;
    readonly make_unlabelled?: string;
    readonly random_state?: number;
  };
  readonly constructor: {
    readonly ok?: boolean;
    readonly error?: unknown;
    readonly warnings?: unknown[];
  };
  readonly initial_state?: State;
  readonly steps: readonly Step[];
}

const manifest: { cases: Case[] } = JSON.parse(
  readFileSync(new URL('../../test/golden/datasets/manifest.json', import.meta.url), 'utf8'),
);
const elsewhere = /^(numpy_array|file_dataset|loop_)/;
const cases = manifest.cases.filter(({ id }) => !elsewhere.test(id));

type Item = [number, number | null];
interface Fake extends Dataset<Item> {
  scale: number;
  labels?: number[];
}

/** The wrapped datasets of the scenarios, with their settings as own fields. */
function fakeDataset({ kind, n, scale = 1, classes = 3 }: Case['setup']['dataset']): Fake {
  let reads = 0;
  const base = {
    length: n,
    scale,
    get(this: Fake, index: number): Item {
      if (index < 0 || index >= n) throw new RangeError(`no item ${index}`);
      return [10 * index * this.scale + 0, index % classes]; // + 0: no negative zero
    },
  };
  if (kind === 'plain') return base;
  if (kind === 'labelable') {
    const labels = new Array<number>(n).fill(-1);
    return {
      ...base,
      labels,
      get: (index) => [10 * index * scale, labels[index] as number],
      label(index, value) {
        labels[index] = value as number;
      },
    };
  }
  if (kind === 'noisy') {
    const noisy = {
      ...base,
      noise: true,
      get(index: number): Item {
        reads += 1;
        return [this.noise ? reads : index, 0];
      },
    };
    return noisy;
  }
  if (kind === 'label_attribute') return { ...base, label: [1, 2] } as unknown as Fake;
  throw new Error(`unknown kind ${kind}`);
}

class Player {
  readonly wrapped: Fake;
  readonly warnings: DatasetWarning[] = [];
  readonly dataset: ActiveLearningDataset<Item>;
  readonly #slots = new Map<unknown, ActiveLearningDatasetState>();
  #kept: Pool<Item> | undefined;

  constructor({ setup }: Case) {
    this.wrapped = fakeDataset(setup.dataset);
    this.dataset = new ActiveLearningDataset<Item>(this.wrapped, {
      ...(setup.labelled && { labelled: setup.labelled }),
      ...(setup.last_active_steps && { lastActiveSteps: setup.last_active_steps }),
      ...(setup.last_active_steps === 0 && { lastActiveSteps: 0 }),
      ...(setup.pool_specifics && { poolSpecifics: setup.pool_specifics }),
      ...(setup.make_unlabelled && { makeUnlabelled: ([x]: Item): Item => [x, null] }),
      ...(setup.random_state !== undefined && { rng: createRng(setup.random_state) }),
      onWarning: (warning) => this.warnings.push(warning),
    });
  }

  items(dataset: Dataset<Item>): unknown[] {
    return Array.from({ length: dataset.length }, (_, i) => dataset.get(i));
  }

  play({ op, args }: Pick<Step, 'op' | 'args'>): unknown {
    const { dataset } = this;
    const index = args.index as number;
    const indices = args.index as PoolIndex[];
    switch (op) {
      case 'label':
        return dataset.label(indices, (args.value ?? undefined) as unknown[] | undefined);
      case 'label_randomly':
        return dataset.labelRandomly(args.n as number);
      case 'items':
        return this.items(dataset);
      case 'pool_items':
        return this.items(dataset.pool);
      case 'get_item':
        return dataset.get(index);
      case 'pool_item':
        return dataset.pool.get(index);
      case 'get_raw':
        return dataset.getRaw(index);
      case 'is_labelled':
        return dataset.isLabelled(index);
      case 'pool_to_oracle_index':
        return [args.index].flat().map((i) => dataset.poolToDataset(i as PoolIndex));
      case 'oracle_to_pool_index':
        return [args.index].flat().map((i) => dataset.datasetToPool(i as number));
      case 'set_can_label':
        dataset.canLabel = args.value as boolean;
        return undefined;
      case 'set_dataset_attribute':
        Object.assign(this.wrapped, { [args.name as string]: args.value });
        return undefined;
      case 'keep_pool':
        this.#kept = dataset.pool;
        return undefined;
      case 'kept_pool_items':
        return this.#kept && this.items(this.#kept);
      case 'state_dict':
        this.#slots.set(args.slot, dataset.stateDict());
        return undefined;
      case 'read_slot':
        return this.#slots.get(args.slot)?.labelled;
      case 'load_state_dict':
        return dataset.loadStateDict(
          this.#slots.get(args.slot) ?? { labelled: args.labelled as number[] },
        );
      case 'reset_labelled':
        return dataset.resetLabelled();
      default:
        throw new Error(`unknown op ${op}`);
    }
  }

  state(): State {
    const { dataset } = this;
    const { pool } = dataset;
    return {
      labelled_map: dataset.labelledMap,
      n_labelled: dataset.nLabelled,
      n_unlabelled: dataset.nUnlabelled,
      current_al_step: dataset.currentAlStep,
      length: dataset.length,
      active_indices: Array.from({ length: dataset.length }, (_, i) =>
        dataset.labelledToDataset(i),
      ),
      pool_length: pool.length,
      pool_oracle_indices: pool.positions.map((position) => dataset.poolToDataset(position)),
      can_label: dataset.canLabel,
      ...(this.wrapped.labels && { dataset_labels: [...this.wrapped.labels] }),
    };
  }
}

/** What we do where the recorded behaviour is a defect: the message, and a way to the state after. */
const ownBehaviour: Record<string, (player: Player, step: Step) => void> = {
  'basic/oracle_to_pool_index': ({ dataset }) =>
    expect(() => dataset.datasetToPool(0)).toThrow(/item 0 is not in the pool/),
  'basic/label': ({ dataset }) => {
    const twice = [0, 0] as PoolIndex[];
    expect(() => dataset.label(twice)).toThrow(/an item is repeated.*"6" twice/);
    dataset.label([0 as PoolIndex]); // the recorded scenario goes on with one of them
  },
  'values/label': (player, step) => {
    const before = player.state();
    expect(() => player.play(step)).toThrow();
    expect(player.state()).toEqual(before); // all or nothing
    // What the recorded scenario goes on with:
    const { index, value } = step.args;
    if (JSON.stringify(index) === '[0,1]') player.dataset.label([0 as PoolIndex], [2]);
    if (JSON.stringify(index) === '[0,0]') player.dataset.label([0 as PoolIndex], [2]);
    expect([[2, null], [1, 2], 4]).toContainEqual(value);
  },
  'state_dict_alias/read_slot': (player, step) =>
    expect(player.play(step)).toEqual([0, 0, 0, 0, 0, 0]), // a copy
  'state_dict_stale_cache/load_state_dict': (player, step) => {
    player.play(step);
    expect(player.state().active_indices).toEqual([3, 4, 5]);
  },
  'reset_labelled/reset_labelled': (player, step) => {
    player.play(step);
    expect(player.state().labelled_map).toEqual([0, 0, 0, 0, 0]);
    player.dataset.label(1 as PoolIndex);
    expect(player.state().active_indices).toEqual([1]);
  },
  'label_empty/label': (player, step) => {
    const before = player.state();
    player.play(step);
    expect(player.state()).toEqual(before);
  },
  'label_randomly_zero/label_randomly': (player, step) => {
    const before = player.state();
    player.play(step);
    expect(player.state()).toEqual(before);
  },
  'label_empty_can_label/label': (player, step) => {
    const before = player.state();
    player.play(step);
    expect(player.state()).toEqual(before);
  },
  'value_ignored/label': (player, step) => {
    const before = player.state();
    expect(() => player.play(step)).toThrow(/expected 1 values, got 2/);
    expect(player.state()).toEqual(before);
  },
  'index_errors/label': (player, step) => {
    const before = player.state();
    expect(() => player.play(step)).toThrow(RangeError);
    expect(player.state()).toEqual(before);
  },
};

/** Steps without a mark whose recorded result follows from a defect. */
const consequence: Record<string, unknown> = {
  // The items of the map that was loaded, not those of the stale list.
  'state_dict_stale_cache/items': [
    [
      [0, 0],
      [10, 1],
    ],
    [
      [30, 0],
      [40, 1],
      [50, 2],
    ],
  ],
};

describe.each(cases)('recorded with Baal: $id ($text)', (recorded) => {
  it('behaves as recorded, defects excepted', () => {
    if (recorded.constructor.error) {
      expect(() => new Player(recorded)).toThrow();
      return;
    }
    const player = new Player(recorded);
    expect(player.warnings).toHaveLength(recorded.constructor.warnings?.length ?? 0);
    expect(player.state()).toEqual(recorded.initial_state);
    let itemsSeen = 0;
    for (const step of recorded.steps) {
      const key = `${recorded.id}/${step.op}`;
      if (step.quirk) {
        const own = ownBehaviour[key];
        if (own === undefined) throw new Error(`no statement of our own behaviour for ${key}`);
        own(player, step);
        continue;
      }
      player.warnings.length = 0;
      if (step.error) {
        expect(() => player.play(step), key).toThrow();
      } else if (step.op === 'oracle_to_pool_index' && asksForLabelled(player, step)) {
        // The recorded number is the pool position of another item.
        expect(() => player.play(step), key).toThrow(/not in the pool/);
      } else if (key in consequence) {
        expect(player.play(step)).toEqual((consequence[key] as unknown[])[itemsSeen++]);
      } else if (step.op === 'kept_pool_items') {
        // Ours is a view: the same items, showing the labels that were given meanwhile.
        const xs = (player.play(step) as Item[]).map(([x]) => x);
        expect(xs).toEqual((step.result as Item[]).map(([x]) => x));
      } else if (step.op === 'state_dict') {
        player.play(step);
      } else {
        expect(player.play(step) ?? null, key).toEqual(step.result);
      }
      expect(player.warnings, key).toHaveLength(step.warnings?.length ?? 0);
      if (!step.state) continue;
      if (step.op === 'label_randomly') {
        const { n_labelled, n_unlabelled, current_al_step } = player.state();
        expect({ n_labelled, n_unlabelled, current_al_step }).toEqual({
          n_labelled: step.state.n_labelled,
          n_unlabelled: step.state.n_unlabelled,
          current_al_step: step.state.current_al_step,
        });
      } else if (recorded.id.startsWith('label_randomly')) {
        expect(player.state().n_labelled).toEqual(step.state.n_labelled);
      } else {
        expect(player.state(), key).toEqual(step.state);
      }
    }
  });
});

it('plays every recorded scenario of the dataset', () => {
  expect(cases).toHaveLength(34);
  expect(cases.flatMap(({ steps }) => steps).length).toBeGreaterThan(200);
});

function asksForLabelled({ dataset }: Player, { args }: Step): boolean {
  return [args.index].flat().some((index) => dataset.isLabelled(index as number));
}
