import { DataError, NumericalError } from '../errors.ts';

/** What JSON can hold. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json };

/**
 * JSON text of plain data, strictly: what JSON would change in silence is refused, numbers keep
 * every bit (-0 too), and everything beyond ASCII is escaped, so that characters are bytes.
 *
 * @param keys - `sorted` puts the keys of objects in code-unit order, so that equal data have equal
 * texts; `as-given` keeps their order. A field that is `undefined` is left out.
 * @throws NumericalError if a number is NaN or infinite.
 * @throws DataError if a value is no plain data (a typed array, a function, a class instance).
 */
export function encodeJson(value: unknown, keys: 'sorted' | 'as-given'): string {
  return encode(value, keys, '');
}

function encode(value: unknown, keys: 'sorted' | 'as-given', path: string): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return encodeString(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) {
      throw new NumericalError(
        `encodeJson: ${path || 'the value'} is no number, expected a finite one, got ${value}`,
      );
    }
    return Object.is(value, -0) ? '-0' : String(value);
  }
  if (Array.isArray(value)) {
    const elements = Array.from(value, (element, i) => encode(element, keys, `${path}[${i}]`));
    return `[${elements.join(',')}]`;
  }
  if (typeof value === 'object') {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === Object.prototype || prototype === null) {
      const fields = Object.entries(value).filter(([, field]) => field !== undefined);
      if (keys === 'sorted') fields.sort(([a], [b]) => (a < b ? -1 : 1));
      const encoded = fields.map(
        ([key, field]) =>
          `${encodeString(key)}:${encode(field, keys, path === '' ? key : `${path}.${key}`)}`,
      );
      return `{${encoded.join(',')}}`;
    }
  }
  throw new DataError(
    `encodeJson: ${path || 'the value'} is no plain data, expected null, booleans, numbers, strings, arrays and plain objects, got ${describe(value)}`,
  );
}

function encodeString(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function describe(value: unknown): string {
  if (typeof value !== 'object' || value === null) return typeof value;
  return `an object of class ${value.constructor?.name ?? '(none)'}`;
}
