import { StateError } from '../errors.ts';

/**
 * Which items are labelled and since which step: `steps[i]` is the number of the labelling step of
 * item i, 0 while it is unlabelled. Knows nothing of the data.
 *
 * The ascending lists of labelled and unlabelled items are built once after a change and shared, so
 * that an access costs O(1) amortised; they only ever grow at the end until the next change.
 */
export class LabelledMap {
  readonly #lastActiveSteps: number;
  #steps: number[] = [];
  #nLabelled = 0;
  #currentStep = 0;
  #version = 0;
  #active: number[] | undefined;
  #unlabelled: number[] | undefined;

  /** @throws RangeError unless `lastActiveSteps` is -1 or a positive integer. */
  constructor(lastActiveSteps: number) {
    if (lastActiveSteps !== -1 && !(Number.isInteger(lastActiveSteps) && lastActiveSteps > 0)) {
      throw new RangeError(
        `ActiveLearningDataset: bad lastActiveSteps, expected a positive integer, or -1 for all steps, got ${lastActiveSteps}`,
      );
    }
    this.#lastActiveSteps = lastActiveSteps;
  }

  /** Number of items. */
  get size(): number {
    return this.#steps.length;
  }

  /** Number of labelled items, whatever `lastActiveSteps` says. */
  get nLabelled(): number {
    return this.#nLabelled;
  }

  /** Number of the last labelling step; 0 before the first. */
  get currentStep(): number {
    return this.#currentStep;
  }

  /** Changes whenever the set of labelled items does; growing does not change it. */
  get version(): number {
    return this.#version;
  }

  /** The step at which an item was labelled, 0 if it was not. */
  stepOf(index: number): number {
    return this.#steps[index] as number;
  }

  /** A copy of all steps. Cost O(N). */
  toArray(): number[] {
    return [...this.#steps];
  }

  /** Adds unlabelled items at the end until there are `size`. Cost O(items added). */
  grow(size: number): void {
    for (let index = this.#steps.length; index < size; index++) {
      this.#steps.push(0);
      this.#unlabelled?.push(index);
    }
  }

  /** Labels items as one new step; they must be unlabelled, different, and at least one. */
  mark(indices: readonly number[]): void {
    this.#currentStep += 1;
    for (const index of indices) this.#steps[index] = this.#currentStep;
    this.#nLabelled += indices.length;
    this.#changed();
  }

  /** Replaces the whole map. The steps must be checked, see {@link checkSteps}. */
  replace(steps: readonly number[]): void {
    this.#steps = [...steps];
    this.#nLabelled = 0;
    this.#currentStep = 0;
    for (const step of steps) {
      if (step > 0) this.#nLabelled += 1;
      if (step > this.#currentStep) this.#currentStep = step;
    }
    this.#changed();
  }

  /**
   * Ascending positions of the labelled items that count: those of the last `lastActiveSteps`
   * steps, or all. Shared, not to be changed.
   */
  active(): readonly number[] {
    if (this.#active === undefined) {
      const oldest =
        this.#lastActiveSteps === -1 ? 0 : Math.max(0, this.#currentStep - this.#lastActiveSteps);
      this.#active = positionsWhere(this.#steps, (step) => step > oldest);
    }
    return this.#active;
  }

  /** Ascending positions of all labelled items, whatever `lastActiveSteps` says. Cost O(N). */
  labelled(): number[] {
    return positionsWhere(this.#steps, (step) => step > 0);
  }

  /**
   * Ascending positions of the unlabelled items. Shared, not to be changed; appended items are
   * pushed onto it, so a reader that wants a snapshot keeps the length too.
   */
  unlabelled(): readonly number[] {
    this.#unlabelled ??= positionsWhere(this.#steps, (step) => step === 0);
    return this.#unlabelled;
  }

  #changed(): void {
    this.#version += 1;
    this.#active = undefined;
    this.#unlabelled = undefined;
  }
}

function positionsWhere(steps: readonly number[], holds: (step: number) => boolean): number[] {
  const positions: number[] = [];
  for (let index = 0; index < steps.length; index++) {
    if (holds(steps[index] as number)) positions.push(index);
  }
  return positions;
}

/**
 * Reads a labelled map from outside: booleans mean step 1 or 0, numbers are step numbers.
 *
 * @throws RangeError if an entry is no step number.
 * @throws StateError if there are more entries than items.
 */
export function checkSteps(
  where: string,
  labelled: ArrayLike<number | boolean>,
  size: number,
): number[] {
  if (labelled.length > size) {
    throw new StateError(
      `${where}: the labelled map does not belong to this dataset, expected at most ${size} entries, got ${labelled.length}`,
    );
  }
  return Array.from(labelled, (entry, index) => {
    const step = Number(entry);
    if (!Number.isInteger(step) || step < 0) {
      throw new RangeError(
        `${where}: bad entry ${index} of the labelled map, expected true, false or a step number >= 0, got ${String(entry)}`,
      );
    }
    return step;
  });
}
