/** Names that are remembered; more are only counted. */
const maxNames = 100;

/** Wait events that no table knows. */
export class UnknownEvents {
  readonly #counts = new Map<string, number>();
  #total = 0;

  /** How often an unknown name was looked up. */
  get total(): number {
    return this.#total;
  }

  /** How often each was looked up, of the first hundred names. */
  get counts(): ReadonlyMap<string, number> {
    return this.#counts;
  }

  count(name: string): void {
    this.#total++;
    const before = this.#counts.get(name);
    if (before !== undefined || this.#counts.size < maxNames) this.#counts.set(name, (before ?? 0) + 1);
  }
}
