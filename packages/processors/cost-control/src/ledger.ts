/** Months, and days, that are remembered: the present one and those that a corrected clock may go back to. */
const maxPeriods = 4;

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
    if (before !== undefined) return;
    const sameKind = [...this.#bytes.keys()].filter(({ length }) => length === key.length).sort();
    const [oldest] = sameKind.filter((name) => name !== key);
    if (sameKind.length > maxPeriods && oldest !== undefined) this.#bytes.delete(oldest);
  }

  entries(): [string, number][] {
    return [...this.#bytes];
  }
}
