import { ConfigError } from './errors.ts';

/**
 * The entry of a registry under a name.
 *
 * @throws ConfigError that lists the known names, and the nearest one, if there is no such entry.
 */
export function lookUp<T>(
  where: string,
  what: string,
  registry: ReadonlyMap<string, T>,
  name: string,
): T {
  const entry = registry.get(name);
  if (entry !== undefined) return entry;
  const names = [...registry.keys()];
  const nearest = nearestName(name, names);
  const hint = nearest === null ? '' : `; did you mean "${nearest}"?`;
  throw new ConfigError(
    `${where}: there is no ${what} "${name}", expected one of ${names.join(', ')}${hint}`,
  );
}

/** The name with the fewest letters to change, or null if every one is too far to be a slip. */
export function nearestName(name: string, names: readonly string[]): string | null {
  const plain = (text: string): string => text.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
  let best: string | null = null;
  let least = Math.max(2, Math.floor(name.length / 3)) + 1;
  for (const candidate of names) {
    const distance = editDistance(plain(name), plain(candidate));
    if (distance < least) {
      best = candidate;
      least = distance;
    }
  }
  return best;
}

/** Levenshtein distance: insertions, deletions and replacements, one row of the table at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
