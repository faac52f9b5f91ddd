/** @throws RangeError unless the value is an integer >= 1 (or >= `least`). */
export function checkCount(where: string, name: string, value: number, least = 1): void {
  if (!Number.isInteger(value) || value < least) {
    throw new RangeError(
      `${where}: bad ${name}, expected an integer >= ${least}, got ${String(value)}`,
    );
  }
}

/** @throws RangeError unless the value is -1 or an integer >= 1. */
export function checkMaxSamples(where: string, value: number): void {
  if (value !== -1 && !(Number.isInteger(value) && value >= 1)) {
    throw new RangeError(
      `${where}: bad maxSamples, expected an integer >= 1, or -1 for the whole pool, got ${value}`,
    );
  }
}
