/**
 * Whether two items hold the same data: primitives by `Object.is` (so NaN equals NaN), arrays,
 * typed arrays and plain objects element by element, other objects by identity.
 *
 * Cost O(size of the smaller item).
 */
export function sameValue(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  if (isList(a) && isList(b)) {
    if (a.length !== b.length) return false;
    for (let i = 0; i < a.length; i++) if (!sameValue(a[i], b[i])) return false;
    return true;
  }
  const fields = Object.entries(a);
  if (fields.length !== Object.keys(b).length) return false;
  if (fields.length === 0) return isPlain(a); // a Date or Map keeps its data out of sight
  return fields.every(
    ([name, value]) => Object.hasOwn(b, name) && sameValue(value, Reflect.get(b, name)),
  );
}

/**
 * A deep copy of data: arrays, typed arrays and plain objects are copied, anything else is shared.
 */
export function copyData(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copyData);
  if (isList(value)) return (value as Float64Array).slice();
  if (typeof value === 'object' && value !== null && isPlain(value)) {
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, copyData(v)]));
  }
  return value;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function isList(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}
