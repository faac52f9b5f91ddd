/**
 * One stream for several readers, who read it in step: an item is taken from the source when all
 * readers that are left have asked for it, so no more than one is held. A reader that stops early, or
 * throws, is left out; the source is closed with the last of them. An error of the source reaches
 * every reader.
 */
export function broadcast<T>(
  source: AsyncIterable<T> | Iterable<T>,
  readers: number,
): AsyncIterable<T>[] {
  const iterator =
    Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  interface Waiting {
    readonly resolve: (next: IteratorResult<T>) => void;
    readonly reject: (error: unknown) => void;
  }
  let waiting: Waiting[] = [];
  let left = readers;

  const serve = async (): Promise<void> => {
    if (left === 0 || waiting.length < left) return;
    const served = waiting;
    waiting = [];
    try {
      const next = await iterator.next();
      for (const { resolve } of served) resolve(next);
    } catch (error) {
      for (const { reject } of served) reject(error);
    }
  };

  return Array.from({ length: readers }, () => ({
    [Symbol.asyncIterator]: () => ({
      next: () =>
        new Promise<IteratorResult<T>>((resolve, reject) => {
          waiting.push({ resolve, reject });
          void serve();
        }),
      return: async () => {
        left--;
        if (left === 0) await iterator.return?.();
        else await serve();
        return { done: true as const, value: undefined };
      },
    }),
  }));
}
