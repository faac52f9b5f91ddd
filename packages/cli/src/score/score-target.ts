import { existsSync, lstatSync, realpathSync, statSync } from 'node:fs';
import { ConfigError } from '@baal/core';

/** What stands beside a file of scores while it is written. */
const besides = ['.part', '.journal', '.lock'] as const;

/**
 * The file that scores are written to, behind a link if `out` is one: the link stays, and what is begun lies
 * beside the file.
 *
 * @param read all files that scores come from
 * @throws ConfigError if there is something else than a file, or if something that is read would be replaced.
 */
export function scoresTarget(out: string, read: readonly string[]): string {
  const isLink = lstatSync(out, { throwIfNoEntry: false })?.isSymbolicLink() === true;
  const found = statSync(out, { throwIfNoEntry: false });
  if (isLink && found === undefined) {
    throw new ConfigError(`--out: ${out} is a link to nothing, expected a file; remove the link`);
  }
  if (found !== undefined && !found.isFile()) {
    const what = found.isDirectory() ? 'a folder' : 'a device or a pipe';
    throw new ConfigError(`--out: ${out} is ${what}, expected a new file or one to be replaced`);
  }
  const target = isLink ? realpathSync(out) : out;
  for (const path of [target, ...besides.map((end) => target + end)].filter(existsSync)) {
    const same = read.find((file) => existsSync(file) && realpathSync(file) === realpathSync(path));
    if (same === undefined) continue;
    throw new ConfigError(
      `--out: ${path} is read too (${same}), expected another file for the scores`,
    );
  }
  return target;
}
