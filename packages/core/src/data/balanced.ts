import { PoolExhaustedError } from '../errors.ts';
import type { Rng } from '../random/rng.ts';

/** The class of an item, as a number or a name. */
export type ClassLabel = number | string;

/**
 * Draws n items so that every class has as many as the others: n/C each, and one more for the first
 * n mod C classes (numbers ascending, then names in code-unit order).
 *
 * @param classes - class of each item; items of class `null` are never drawn.
 * @param rng - which items of a class: forked by class, so that one class does not move another.
 * @returns n different positions, class by class in turn: the first round holds one item of each.
 * Cost O(N + n).
 * @throws PoolExhaustedError if a class has too few items.
 */
export function balancedChoice(
  classes: readonly (ClassLabel | null)[],
  n: number,
  rng: Rng,
): number[] {
  const members = new Map<ClassLabel, number[]>();
  for (const [position, label] of classes.entries()) {
    if (label === null) continue;
    const known = members.get(label);
    if (known === undefined) members.set(label, [position]);
    else known.push(position);
  }
  const labels = [...members.keys()].sort(byNumberThenName);
  if (n > 0 && labels.length === 0) {
    throw new PoolExhaustedError(
      `labelBalanced: no item of the pool has a class, expected ${n} items that have one, got 0`,
    );
  }
  const picks_C = labels.map((label, c) => {
    const candidates = members.get(label) ?? [];
    const share = Math.floor(n / labels.length) + (c < n % labels.length ? 1 : 0);
    if (share > candidates.length) {
      throw new PoolExhaustedError(
        `labelBalanced: class ${JSON.stringify(label)} has too few unlabelled items, expected at least ${share} (${n} items over ${labels.length} classes), got ${candidates.length}`,
      );
    }
    const drawn = rng.fork(`class-${typeof label}-${label}`).choice(candidates.length, share);
    return Array.from(drawn, (i) => candidates[i] as number);
  });
  const picks: number[] = [];
  for (let turn = 0; picks.length < n; turn++) {
    for (const ofClass of picks_C) {
      const pick = ofClass[turn];
      if (pick !== undefined) picks.push(pick);
    }
  }
  return picks;
}

function byNumberThenName(a: ClassLabel, b: ClassLabel): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a !== typeof b) return typeof a === 'number' ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}
