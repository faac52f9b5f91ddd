import { ConfigError } from '@baal/core';

/**
 * Names by pattern: `*` stands for any characters, everything else for itself; `conv*` are all names that
 * start with `conv`.
 */
export type NamePattern = string | readonly string[];

/**
 * The names that match at least one of the patterns, in the order of `names`. Cost O(patterns x names).
 *
 * @throws ConfigError if a pattern matches no name: a typing error would change nothing without a word
 */
export function matchNames(
  where: string,
  pattern: NamePattern,
  names: readonly string[],
): ReadonlySet<string> {
  const found = new Set<string>();
  for (const one of typeof pattern === 'string' ? [pattern] : pattern) {
    const parts = one.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&'));
    const expression = new RegExp(`^${parts.join('.*')}$`, 's');
    const matching = names.filter((name) => expression.test(name));
    if (matching.length === 0) {
      throw new ConfigError(
        `${where}: pattern "${one}" matches no parameter, expected part of a name with * for the rest; the parameters are ${names.join(', ')}`,
      );
    }
    for (const name of matching) found.add(name);
  }
  return new Set(names.filter((name) => found.has(name)));
}
