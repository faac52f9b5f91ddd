/** Fails unless the statement holds. @throws Error */
export function truth(holds: boolean, statement: string): void {
  if (!holds) throw new Error(`conformance: expected that ${statement}`);
}

/** Fails unless both are the same value. @throws Error */
export function equal<T>(actual: T, expected: T, what: string): void {
  if (!Object.is(actual, expected)) {
    throw new Error(`conformance: ${what}: expected ${String(expected)}, got ${String(actual)}`);
  }
}

/** Fails unless both arrays hold the same bits. @throws Error */
export function same(actual: ArrayLike<number>, expected: ArrayLike<number>, what: string): void {
  equal(actual.length, expected.length, `${what}: length`);
  for (let i = 0; i < expected.length; i++) equal(actual[i], expected[i], `${what}: element ${i}`);
}

/** Fails unless the call throws or rejects with an error of that message and class. @throws Error */
export async function fails(
  call: () => unknown,
  message: RegExp,
  what: string,
  type: new (message: string) => Error = Error,
): Promise<void> {
  let error: unknown;
  try {
    await call();
  } catch (thrown) {
    error = thrown;
  }
  truth(error instanceof type, `${what} is refused with ${type.name}, got ${String(error)}`);
  truth(message.test((error as Error).message), `"${(error as Error).message}" matches ${message}`);
}
