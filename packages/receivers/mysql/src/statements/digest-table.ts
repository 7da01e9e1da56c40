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
  readonly firstSeenMicros: bigint;
  /** In the order of the table's counters. */
  readonly values: readonly bigint[];
}

/** Counters of statements by (schema, digest). Rows keep the number that they were given first. */
export class DigestTable {
  readonly counters: readonly StatementCounter[];
  readonly #keys: DigestKey[] = [];
  readonly #firstSeen: bigint[] = [];
  readonly #rows = new Map<string, number>();
  #values = new BigUint64Array(0);
  #truncated: boolean;
  #merged = false;

  /** `truncated`: rows were left out before. */
  constructor(counters: readonly StatementCounter[], rows: readonly DigestRow[], truncated = false) {
    this.counters = counters;
    this.#truncated = truncated || rows.length > mostStatements;
    const count = Math.min(rows.length, mostStatements);
    this.#values = new BigUint64Array(count * counters.length);
    for (const { schema, digest, firstSeenMicros, values } of rows.slice(0, count)) {
      const name = identity({ schema, digest });
      const known = this.#rows.get(name);
      if (known !== undefined) {
        this.#add(known, firstSeenMicros, values);
        continue;
      }
      this.#values.set(values, this.#append({ schema, digest }, firstSeenMicros) * counters.length);
    }
  }

  /** Takes over what these rows count now; the others stay as they are. */
  update(changed: DigestTable): void {
    const count = this.countWith(changed);
    this.#truncated ||= count > mostStatements;
    const width = this.counters.length;
    const values = new BigUint64Array(Math.min(count, mostStatements) * width);
    values.set(this.values(this.count));
    this.#values = values;
    for (let from = 0; from < changed.count; from++) {
      const key = changed.key(from);
      let row = this.find(key);
      if (row < 0 && this.count >= mostStatements) continue;
      if (row < 0) row = this.#append(key, changed.firstSeenMicros(from));
      values.set(changed.#values.subarray(from * width, (from + 1) * width), row * width);
    }
  }

  #append(key: DigestKey, firstSeenMicros: bigint): number {
    const row = this.#keys.push(key) - 1;
    this.#firstSeen.push(firstSeenMicros);
    this.#rows.set(identity(key), row);
    return row;
  }

  /** Some servers have several rows for one digest of one schema (MySQL bug 79533): together they are the statement. */
  #add(row: number, firstSeenMicros: bigint, values: readonly bigint[]): void {
    this.#merged = true;
    if (firstSeenMicros < this.firstSeenMicros(row)) this.#firstSeen[row] = firstSeenMicros;
    const at = row * this.counters.length;
    for (const [index, counter] of this.counters.entries()) {
      this.#values[at + index] = together(counter, this.value(row, index), values[index] ?? 0n);
    }
  }

  get count(): number {
    return this.#keys.length;
  }

  /** How many rows there are here and in another table together. */
  countWith(other: DigestTable): number {
    const fresh = other.#keys.filter((key) => this.find(key) < 0);
    return this.count + fresh.length;
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
    return this.#keys[row] ?? { schema: null, digest: null };
  }

  firstSeenMicros(row: number): bigint {
    return this.#firstSeen[row] ?? 0n;
  }

  value(row: number, counter: number): bigint {
    return this.#values[row * this.counters.length + counter] ?? 0n;
  }

  /** The counters of the first rows, one row after the other; not to be changed. */
  values(rows: number): BigUint64Array {
    return this.#values.subarray(0, rows * this.counters.length);
  }

  /** The row of this key, or -1. */
  find(key: DigestKey): number {
    return this.#rows.get(identity(key)) ?? -1;
  }
}

/** A digest is hexadecimal, so that what follows it is the schema; the empty name is not "no schema". */
function identity({ schema, digest }: DigestKey): string {
  return `${digest ?? ""}${schema === null ? "" : `.${schema}`}`;
}
