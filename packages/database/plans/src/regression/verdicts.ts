/** A verdict: whether it is out of the ordinary, and the level that it rests on. */
interface Verdict {
  readonly set: boolean;
  readonly level: number;
}

/** The last three verdicts on a statement: slow while all is well, recovered after a regression. */
export class Verdicts {
  #latest: readonly Verdict[] = [];

  push(set: boolean, level: number): void {
    this.#latest = [...this.#latest.slice(-2), { set, level }];
  }

  clear(): void {
    this.#latest = [];
  }

  /** The levels of those that are out of the ordinary. */
  get levels(): readonly number[] {
    return this.#latest.filter(({ set }) => set).map(({ level }) => level);
  }
}
