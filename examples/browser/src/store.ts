/** What a page leaves behind for its next visit, under one name each; in this browser only. */
export interface Store<T extends object> {
  /** What was saved, as far as there is any. */
  load(): Promise<Partial<T>>;
  /** Saves under one name; what was saved under it before is replaced. */
  save<K extends keyof T & string>(name: K, value: T[K]): Promise<void>;
  /** Forgets all. */
  clear(): Promise<void>;
}

const TABLE = 'kept';

/**
 * A store in the browser's own database.
 *
 * @throws DOMException from each method if the browser keeps nothing, as in some private windows
 */
export function openStore<T extends object>(name: string): Store<T> {
  const opened = new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(TABLE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  opened.catch(() => undefined); // Each method reports it.
  const use = async <R>(
    mode: IDBTransactionMode,
    ask: (table: IDBObjectStore) => IDBRequest<R>,
  ): Promise<R> => {
    const transaction = (await opened).transaction(TABLE, mode);
    const request = ask(transaction.objectStore(TABLE));
    return new Promise((resolve, reject) => {
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error);
    });
  };
  return {
    async load() {
      const names = await use('readonly', (table) => table.getAllKeys());
      const values = await use('readonly', (table) => table.getAll());
      return Object.fromEntries(names.map((key, i) => [String(key), values[i]])) as Partial<T>;
    },
    async save(key, value) {
      await use('readwrite', (table) => table.put(value, key));
    },
    async clear() {
      await use('readwrite', (table) => table.clear());
    },
  };
}
