/**
 * Remembers which hashes were seen, a bounded number of them: when the younger half is full it becomes the older one,
 * whose hashes are forgotten unless they are seen again. Unlike a cache it allocates nothing for what it knows.
 */
export class FirstSight {
  readonly #half: number;
  #younger = new Set<number>();
  #older = new Set<number>();

  /** `memory`: hashes that are remembered at most. */
  constructor(memory: number) {
    this.#half = Math.max(1, memory / 2);
  }

  /** Whether a 32-bit hash is new; then it is added to `fresh`. Remembers it in any case. */
  isNew(hash: number, fresh: number[]): boolean {
    if (this.#younger.has(hash)) return false;
    const isNew = !this.#older.has(hash);
    if (isNew) fresh.push(hash);
    if (this.#younger.size >= this.#half) {
      this.#older = this.#younger;
      this.#younger = new Set();
    }
    this.#younger.add(hash);
    return isNew;
  }

  /** Takes back what was not delivered: its sender will send it again. */
  forget(hashes: readonly number[]): void {
    for (const hash of hashes) {
      this.#younger.delete(hash);
      this.#older.delete(hash);
    }
  }
}
