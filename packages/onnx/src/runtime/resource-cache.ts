/** Something that holds memory outside JavaScript's heap until it is let go. */
export interface Resource {
  /** About how many bytes it holds. */
  readonly bytes: number;
  /** Lets go of them. */
  dispose(): Promise<void>;
}

/** Keeps the resources that were used last, within a number of bytes; the others are disposed of. */
export class ResourceCache<T extends Resource> {
  readonly #budget: number;
  readonly #kept = new Map<string, T>();

  /** @param budget bytes that all kept resources together may hold; the last used one is kept in any case */
  constructor(budget: number) {
    this.#budget = budget;
  }

  /** The resource under a key, made if it is not there; it may be disposed of in the next call. */
  async get(key: string, make: () => Promise<T>): Promise<T> {
    const found = this.#kept.get(key);
    if (found !== undefined) {
      this.#kept.delete(key); // The order of a Map is that of insertion: last used comes last.
      this.#kept.set(key, found);
      return found;
    }
    const made = await make();
    this.#kept.set(key, made);
    await this.#trim(key);
    return made;
  }

  /** Disposes of everything. */
  async clear(): Promise<void> {
    const all = [...this.#kept.values()];
    this.#kept.clear();
    for (const resource of all) await resource.dispose();
  }

  async #trim(keep: string): Promise<void> {
    let total = 0;
    for (const { bytes } of this.#kept.values()) total += bytes;
    for (const [key, resource] of this.#kept) {
      if (total <= this.#budget || key === keep) return;
      this.#kept.delete(key);
      total -= resource.bytes;
      await resource.dispose();
    }
  }
}
