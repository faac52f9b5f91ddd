import { nearestName } from '@baal/core';
import type { z } from 'zod';
import { type KeySchema, keysAt, pathsOf } from './known-keys.ts';

/** A complaint about one place in a config. */
export interface ConfigIssue {
  /** Keys and positions from the top. */
  readonly path: readonly PropertyKey[];
  /** What is wrong, expected, got, and the remedy. */
  readonly text: string;
  /** True if `path` ends in a key that should not be there. */
  readonly unknownKey?: boolean;
}

type Issue = z.core.$ZodIssue;

/** The issues of zod in the project's own words: what was wrong, expected X, got Y. */
export function describeIssues(
  issues: readonly Issue[],
  value: unknown,
  schema: KeySchema,
): readonly ConfigIssue[] {
  return issues.flatMap((issue) => describeIssue(issue, value, schema));
}

function describeIssue(issue: Issue, value: unknown, schema: KeySchema): readonly ConfigIssue[] {
  const { path } = issue;
  const got = at(value, path);
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey(path, key, value, schema));
    case 'invalid_union':
      return issue.errors.length === 0
        ? [unknownKind(path, got, 'options' in issue ? (issue.options as string[]) : [])]
        : describeUnion(issue, value, schema);
    case 'invalid_type':
      if (typeof got === 'number' && !Number.isFinite(got)) {
        return [complain(path, got, 'not finite', 'a finite number')];
      }
      return [
        complain(path, got, got === undefined ? 'missing' : 'wrong type', typeName(issue.expected)),
      ];
    case 'too_small':
      return [complain(path, got, 'out of range', bound(issue, issue.minimum, 'more'))];
    case 'too_big':
      return [complain(path, got, 'out of range', bound(issue, issue.maximum, 'less'))];
    case 'invalid_value': {
      const names = issue.values.map(String);
      return [complain(path, got, 'not known', names.join(', '), hint(got, names))];
    }
    default:
      return [complain(path, got, 'not accepted', issue.message)];
  }
}

function complain(
  path: readonly PropertyKey[],
  got: unknown,
  what: string,
  expected: string,
  remedy = '',
): ConfigIssue {
  return { path, text: `${what}, expected ${expected}, got ${show(got)}${remedy}` };
}

function unknownKey(
  path: readonly PropertyKey[],
  key: string,
  value: unknown,
  schema: KeySchema,
): ConfigIssue {
  const known = keysAt(schema, path, value);
  const near = nearestName(key, known);
  const elsewhere = pathsOf(schema, key);
  const remedy =
    near !== null
      ? `; did you mean '${near}'?`
      : elsewhere.length > 0
        ? `; did you mean '${elsewhere.join("' or '")}'?`
        : '';
  return {
    path: [...path, key],
    unknownKey: true,
    text: `unknown key, expected one of ${known.join(', ')}, got '${key}'${remedy}`,
  };
}

function unknownKind(
  path: readonly PropertyKey[],
  got: unknown,
  kinds: readonly string[],
): ConfigIssue {
  const what = got === undefined ? 'missing' : 'not known';
  return complain(path, got, what, kinds.join(', '), hint(got, kinds));
}

/** A union without a `kind` at its top: what is wrong with the variant that the value looks like most. */
function describeUnion(
  issue: Extract<Issue, { code: 'invalid_union' }>,
  value: unknown,
  schema: KeySchema,
): readonly ConfigIssue[] {
  const { path } = issue;
  const got = at(value, path);
  const isRecord = typeof got === 'object' && got !== null && !Array.isArray(got);
  if (isRecord) {
    const known = keysAt(schema, path, value);
    const foreign = Object.keys(got).filter((key) => !known.includes(key));
    if (foreign.length > 0) return foreign.map((key) => unknownKey(path, key, value, schema));
  }
  const fitting = issue.errors.filter((issues) => !issues.some((inner) => isOtherType(inner, got)));
  const [closest] = fitting.sort((a, b) => a.length - b.length);
  if (closest !== undefined) {
    const inside = closest.map((inner) => ({ ...inner, path: [...path, ...inner.path] }));
    return describeIssues(inside as Issue[], value, schema);
  }
  const kinds = new Set(issue.errors.flatMap((issues) => issues.slice(0, 1).map(alternative)));
  const keys = keysAt(schema, path, value);
  const expected = [...kinds].join(' or ');
  const shown = keys.length > 0 && keys.length < 4 ? ` { ${keys.join(' } or { ')} }` : '';
  return [complain(path, got, 'wrong type', `${expected}${shown}`)];
}

/** Whether an issue says that the value is not even of the type of a variant. */
function isOtherType(issue: Issue, got: unknown): boolean {
  if (issue.path.length > 0) return false;
  if (issue.code === 'invalid_type') return issue.expected !== 'int' || typeof got !== 'number';
  return issue.code === 'invalid_value' && typeof got !== typeof issue.values[0];
}

const alternative = (issue: Issue): string =>
  issue.code === 'invalid_value'
    ? 'a name'
    : issue.code === 'invalid_type'
      ? typeName(issue.expected)
      : typeName('object');

function hint(got: unknown, names: readonly string[]): string {
  const near = typeof got === 'string' ? nearestName(got, names) : null;
  return near === null ? '' : `; did you mean '${near}'?`;
}

function bound(issue: Issue, limit: number | bigint, direction: 'more' | 'less'): string {
  const origin = 'origin' in issue ? issue.origin : 'number';
  if (origin === 'array') return `a list of ${limit} or ${direction}`;
  if (origin === 'string') return `a text of ${limit} letters or ${direction}`;
  const inclusive = 'inclusive' in issue && issue.inclusive !== false;
  return inclusive ? `${limit} or ${direction}` : `${direction} than ${limit}`;
}

function typeName(expected: string): string {
  const names: Readonly<Record<string, string>> = {
    int: 'a whole number',
    number: 'a number',
    string: 'a text',
    array: 'a list',
    object: 'keys with values',
    boolean: 'true or false',
  };
  return names[expected] ?? expected;
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (inner, step) => (inner as Record<PropertyKey, unknown> | null | undefined)?.[step],
    value,
  );
}

function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'number') return String(value);
  const text = typeof value === 'string' ? `'${value}'` : (JSON.stringify(value) ?? String(value));
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** `train.optimizer.lr`, `stop[0].budget`. */
export function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    return text === '' ? String(step) : `${text}.${String(step)}`;
  }, '');
}
