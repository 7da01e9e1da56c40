import { Integers } from "./integers.ts";
import { type StatementCounter, together } from "./statement-columns.ts";

/** Bounds the memory whatever performance_schema_digests_size is set to. */
export const mostStatements = 200_000;

/** The identity of one row: the same statement run in two schemas is two. */
export interface DigestKey {
  /** `null` for statements of sessions that had chosen no schema. */
  readonly schema: string | null;
  /** `null` for the row in which the server counts all statements that found no row of their own. */
  readonly digest: string | null;
}

/** One row of events_statements_summary_by_digest as it is read. */
export interface DigestRow extends DigestKey {
  /** Microseconds since 1970; MariaDB knows whole seconds. */
  readonly firstSeenMicros: number;
  /** In the order of the table's counters; copied. */
  readonly values: ArrayLike<bigint>;
}

const leastRows = 64;

/**
 * Counters of statements by (schema, digest). Rows keep the number that they were given first. Numbers are in two arrays and
 * names are there once: of tens of thousands of statements the garbage collector has little to look at.
 */
export class DigestTable {
  readonly counters: readonly StatementCounter[];
  readonly #digests: (string | null)[] = [];
  readonly #schemas: (string | null)[] = [];
  /** Rows by digest: mostly one, in one schema. */
  readonly #rows = new Map<string | null, number | number[]>();
  readonly #schemaNames = new Map<string, string>();
  #firstSeen = new Float64Array(0);
  #values = Integers.zeros(0);
  #truncated: boolean;
  #merged = false;

  /** `truncated`: rows were left out before. */
  constructor(counters: readonly StatementCounter[], rows: Iterable<DigestRow> = [], truncated = false) {
    this.counters = counters;
    this.#truncated = truncated;
    for (const row of rows) this.add(row);
  }

  add(row: DigestRow): void {
    const known = this.find(row);
    if (known >= 0) this.#merge(known, row);
    else if (this.count >= mostStatements) this.#truncated = true;
    else {
      const at = this.#append(row, row.firstSeenMicros) * this.counters.length;
      this.#values.fill(at, row.values);
    }
  }

  /** Takes over what these rows count now; the others stay as they are. */
  update(changed: DigestTable): void {
    const width = this.counters.length;
    for (let from = 0; from < changed.count; from++) {
      const key = changed.key(from);
      let row = this.find(key);
      if (row < 0 && this.count >= mostStatements) this.#truncated = true;
      else {
        if (row < 0) row = this.#append(key, changed.firstSeenMicros(from));
        this.#values.copy(row * width, changed.#values, from * width, width);
      }
    }
  }

  #append({ schema, digest }: DigestKey, firstSeenMicros: number): number {
    const row = this.#digests.push(digest) - 1;
    this.#schemas.push(schema === null ? null : this.#nameOf(schema));
    if (row >= this.#firstSeen.length) this.#grow();
    this.#firstSeen[row] = firstSeenMicros;
    const known = this.#rows.get(digest);
    if (known === undefined) this.#rows.set(digest, row);
    else if (typeof known === "number") this.#rows.set(digest, [known, row]);
    else known.push(row);
    return row;
  }

  /** The driver makes another string for each row. */
  #nameOf(schema: string): string {
    const known = this.#schemaNames.get(schema);
    if (known === undefined) this.#schemaNames.set(schema, schema);
    return known ?? schema;
  }

  #grow(): void {
    const rows = Math.max(leastRows, 2 * this.#firstSeen.length);
    const firstSeen = this.#firstSeen;
    this.#firstSeen = new Float64Array(rows);
    this.#firstSeen.set(firstSeen);
    this.#values = this.#values.grown(rows * this.counters.length);
  }

  /** Some servers have several rows for one digest of one schema (MySQL bug 79533): together they are the statement. */
  #merge(row: number, { firstSeenMicros, values }: DigestRow): void {
    this.#merged = true;
    if (firstSeenMicros < this.firstSeenMicros(row)) this.#firstSeen[row] = firstSeenMicros;
    const at = row * this.counters.length;
    for (const [index, counter] of this.counters.entries()) {
      this.#values.set(at + index, together(counter, this.value(row, index), values[index] ?? 0n));
    }
  }

  get count(): number {
    return this.#digests.length;
  }

  /** How many rows there are here and in another table together. */
  countWith(other: DigestTable): number {
    let count = this.count;
    for (let row = 0; row < other.count; row++) if (this.find(other.key(row)) < 0) count++;
    return count;
  }

  /** Whether rows were left out because there are too many. */
  get truncated(): boolean {
    return this.#truncated;
  }

  /** Whether each row of the server's is one here: none was left out, none put together with another. */
  get isFaithful(): boolean {
    return !this.#truncated && !this.#merged;
  }

  key(row: number): DigestKey {
    return { schema: this.#schemas[row] ?? null, digest: this.#digests[row] ?? null };
  }

  firstSeenMicros(row: number): number {
    return this.#firstSeen[row] ?? 0;
  }

  value(row: number, counter: number): bigint {
    return this.#values.at(row * this.counters.length + counter);
  }

  /** The counters, one row after the other. */
  get values(): Integers {
    return this.#values;
  }

  /** The row of this key, or -1. */
  find({ schema, digest }: DigestKey): number {
    const known = this.#rows.get(digest);
    if (known === undefined) return -1;
    if (typeof known === "number") return this.#schemas[known] === schema ? known : -1;
    return known.find((row) => this.#schemas[row] === schema) ?? -1;
  }
}
