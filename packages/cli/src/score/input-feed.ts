import { InvalidArgumentError } from 'commander';

/** What an input of the model is fed with. */
export type Feed =
  | { readonly kind: 'data' }
  | { readonly kind: 'columns'; readonly columns: readonly string[] }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'constant'; readonly value: number };

/** One `--input`. */
export interface InputFeed {
  readonly name: string;
  readonly feed: Feed;
}

const columnsMark = 'columns:';

/**
 * Reads one `--input`: `NAME` (the pool itself), `NAME=columns:a,b,d-f` (columns of it), `NAME=FILE` (a file of
 * rows), or `NAME=NUMBER` (the same number everywhere); to those that came before it.
 */
export function inputFeed(text: string, before: readonly InputFeed[] = []): readonly InputFeed[] {
  const [name = '', ...rest] = text.split('=');
  if (name === '' || text.endsWith('=')) {
    throw new InvalidArgumentError(
      'expected NAME, NAME=FILE, NAME=columns:a,b or NAME=NUMBER; NAME is an input of the model.',
    );
  }
  if (before.some((other) => other.name === name)) {
    throw new InvalidArgumentError(`input '${name}' is fed twice, expected once.`);
  }
  return [...before, { name, feed: rest.length === 0 ? { kind: 'data' } : feedOf(rest.join('=')) }];
}

function feedOf(text: string): Feed {
  if (text.startsWith(columnsMark)) {
    const columns = text
      .slice(columnsMark.length)
      .split(',')
      .map((name) => name.trim());
    if (columns.includes('')) {
      throw new InvalidArgumentError('expected names or numbers of columns with commas between.');
    }
    return { kind: 'columns', columns };
  }
  const value = Number(text);
  return Number.isFinite(value) ? { kind: 'constant', value } : { kind: 'file', path: text };
}
