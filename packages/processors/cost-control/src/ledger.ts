/** Periods that are remembered: the month and the day, and those that a corrected clock may go back to. */
const maxPeriods = 8;

/** Bytes by period, the latest ones only. */
export class PeriodLedger {
  readonly #bytes: Map<string, number>;

  constructor(entries: readonly (readonly [string, number])[] = []) {
    this.#bytes = new Map(entries);
  }

  of(key: string): number {
    return this.#bytes.get(key) ?? 0;
  }

  add(key: string, bytes: number): void {
    const before = this.#bytes.get(key);
    this.#bytes.set(key, (before ?? 0) + bytes);
    if (before !== undefined || this.#bytes.size <= maxPeriods) return;
    // The month, `2026-11`, sorts before its days; of each length the oldest goes first.
    const sameKind = [...this.#bytes.keys()].filter(({ length }) => length === key.length).sort();
    const oldest = sameKind.length > maxPeriods / 2 ? sameKind[0] : undefined;
    if (oldest !== undefined) this.#bytes.delete(oldest);
  }

  entries(): [string, number][] {
    return [...this.#bytes];
  }
}
