import type { Reading, TableFact } from "./table-fact.ts";

/** Series that are kept of one table: its facts, those of its indexes one by one. */
const mostSeries = 256;

/** What metrics told about one table. */
export class Table {
  readonly server: string;
  readonly schema: string;
  /** By fact, and in it by the metric and the part of the table that it is about. */
  readonly #facts = new Map<TableFact, Map<string, Reading>>();
  #series = 0;

  constructor(server: string, schema: string) {
    this.server = server;
    this.schema = schema;
  }

  /** Takes a value, unless one as late is known. */
  read(fact: TableFact, part: string, value: number, atMs: number): void {
    const readings = this.#facts.get(fact) ?? new Map<string, Reading>();
    this.#facts.set(fact, readings);
    const known = readings.get(part);
    if (known === undefined) {
      if (this.#series >= mostSeries) return;
      this.#series++;
      readings.set(part, { value, atMs, previous: undefined, previousMs: 0 });
    } else if (atMs > known.atMs) {
      // A counter that fell has begun anew, so the two values have no difference.
      known.previous = value >= known.value ? known.value : undefined;
      known.previousMs = known.atMs;
      known.value = value;
      known.atMs = atMs;
    }
  }

  /** The sum over the parts whose values are not older than `sinceMs`; `undefined` without any. */
  sum(fact: TableFact, sinceMs: number): number | undefined {
    return this.#over(fact, sinceMs, (sum, { value }) => (sum ?? 0) + value);
  }

  latest(fact: TableFact, sinceMs: number): number | undefined {
    return this.#over(fact, sinceMs, (latest, { value }) => Math.max(latest ?? 0, value));
  }

  /** What a counter counted between its last two readings. */
  increase(fact: TableFact, sinceMs: number): number | undefined {
    return this.#over(fact, sinceMs, (sum, { value, previous }) =>
      previous === undefined ? sum : (sum ?? 0) + value - previous,
    );
  }

  /** The same for each second. */
  rate(fact: TableFact, sinceMs: number): number | undefined {
    return this.#over(fact, sinceMs, (sum, { value, previous, atMs, previousMs }) =>
      previous === undefined ? sum : (sum ?? 0) + ((value - previous) * 1000) / (atMs - previousMs),
    );
  }

  /** When the last value came. */
  get lastMs(): number {
    let last = 0;
    for (const readings of this.#facts.values()) for (const { atMs } of readings.values()) last = Math.max(last, atMs);
    return last;
  }

  /** Every reading with its place, for a snapshot. */
  *entries(): Iterable<readonly [fact: TableFact, part: string, reading: Reading]> {
    for (const [fact, readings] of this.#facts) for (const [part, reading] of readings) yield [fact, part, reading];
  }

  #over(
    fact: TableFact,
    sinceMs: number,
    add: (sum: number | undefined, reading: Reading) => number | undefined,
  ): number | undefined {
    let result: number | undefined;
    for (const reading of this.#facts.get(fact)?.values() ?? []) {
      if (reading.atMs >= sinceMs) result = add(result, reading);
    }
    return result;
  }
}
