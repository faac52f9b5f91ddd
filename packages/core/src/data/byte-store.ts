/** A place for bytes under names: a folder, a database, a map. */
export interface ByteStore {
  /** The bytes under a name of letters, digits and `-`; undefined if there are none. */
  get(key: string): Promise<Uint8Array | undefined>;
  /** Keeps bytes under a name; what was there before is replaced. */
  set(key: string, bytes: Uint8Array): Promise<void>;
}
