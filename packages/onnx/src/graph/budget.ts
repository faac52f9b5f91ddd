/** How much may still be made of what a small file can multiply. */
export class Budget {
  #left: number;

  constructor(most: number) {
    this.#left = most;
  }

  /** Takes that much, if it is there. @returns whether it was; never for what is no number */
  take(much: number): boolean {
    if (!(much <= this.#left)) return false;
    this.#left -= much;
    return true;
  }
}
