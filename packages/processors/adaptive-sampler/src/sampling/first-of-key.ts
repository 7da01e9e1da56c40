/**
 * The first records of each key in an interval, within a budget: who is first does not depend on chance, so these are
 * kept with certainty and stand for themselves. Half of the budget is for keys that are known, so that a flood of new
 * ones does not take it from them.
 */
export class FirstOfKey {
  readonly #perKey: number;
  readonly #budget: number;
  readonly #intervalMs: number;
  /** Bounded by the budget: a key enters with the first record that is charged. */
  readonly #taken = new Map<number, number>();
  #ofKnown = 0;
  #ofNew = 0;
  #endMs = Number.NEGATIVE_INFINITY;

  constructor(args: { readonly perKey: number; readonly budget: number; readonly intervalMs: number }) {
    this.#perKey = args.perKey;
    this.#budget = args.budget;
    this.#intervalMs = args.intervalMs;
  }

  roll(nowMs: number): void {
    if (nowMs < this.#endMs) return;
    const intervals = Number.isFinite(this.#endMs) ? Math.floor((nowMs - this.#endMs) / this.#intervalMs) + 1 : 0;
    this.#endMs = intervals === 0 ? nowMs + this.#intervalMs : this.#endMs + intervals * this.#intervalMs;
    this.#taken.clear();
    this.#ofKnown = 0;
    this.#ofNew = 0;
  }

  /** Whether the record is among the first of its key, and charges it. */
  take(key: number, known: boolean): boolean {
    const taken = this.#taken.get(key) ?? 0;
    if (taken >= this.#perKey) return false;
    if ((known ? this.#ofKnown : this.#ofNew) + 1 > this.#budget / 2) return false;
    this.#taken.set(key, taken + 1);
    if (known) this.#ofKnown += 1;
    else this.#ofNew += 1;
    return true;
  }
}
