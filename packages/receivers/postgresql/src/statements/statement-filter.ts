import { counterIndex, type StatementShape } from "./statement-columns.ts";
import type { StatementTable } from "./statement-table.ts";

/*
 * Rows that did not change since the last poll need not cross the wire. The server is sent one 64-bit fingerprint for
 * each row that is known and answers with the rows whose fingerprint is not among them: at 100,000 statements of
 * which 1 % ran, 1.2 MB go out and 0.2 MB come back instead of 18 MB, and the server spares the time to write them.
 * benchmarks/postgresql/poll.ts measures it. Each operation more costs the server 1 to 2 ms there.
 *
 *   queryid # dbid * A # userid * B # (calls, or ~calls for a nested statement)
 *
 * Calls only grow, so for one key each execution gives another fingerprint. What slips through is seen with the next
 * execution or the next complete reading, whichever is first: an entry that was reset alone and came back with just
 * as many calls; a statement that was only planned; a key whose fingerprint is that of another key, for which their
 * 64-bit query ids, or the products for their databases and users, have to differ in just the bits of their calls.
 */
const databaseFactor = 1_540_483_477;
const userFactor = 739_982_445;
const two32 = 2 ** 32;

/** From here on the server looks a value up in an array by hashing also for `<> ALL`. */
const hashesNotIn = 150_000;

/**
 * The condition for rows of pg_stat_statements whose fingerprint is not in `$1`. Rows whose query id is withheld
 * (NULL) pass as well, to be counted. Where `$2` is given, so does what counts only since later than that.
 */
export function changedSql(shape: StatementShape, versionNumber: number, since: boolean): string {
  const fingerprint = fingerprintSql(shape);
  const unknown =
    versionNumber >= hashesNotIn
      ? `(${fingerprint} <> ALL ($1::int8[])) IS NOT FALSE`
      : // OFFSET 0 keeps the list in the SELECT clause, where it is not copied before it is hashed.
        `NOT EXISTS (SELECT FROM (SELECT unnest($1::int8[]) AS fingerprint OFFSET 0) known
                      WHERE known.fingerprint = ${fingerprint})`;
  return since ? `(${unknown} OR stats_since > $2)` : unknown;
}

/** The fingerprint of a row of pg_stat_statements as the server computes it. */
function fingerprintSql({ toplevel }: StatementShape): string {
  const calls = toplevel ? "CASE WHEN toplevel THEN calls ELSE ~calls END" : "calls";
  return `queryid # (dbid::int8 * ${databaseFactor}) # (userid::int8 * ${userFactor}) # (${calls})`;
}

/**
 * An `int8[]` in PostgreSQL's binary format: int32 dimensions (1), has NULL (0), oid of the element type (20),
 * length, lower bound (1), then for each element int32 length (8) and value, all big-endian.
 */
const headerBytes = 20;
const elementBytes = 12;

/** The fingerprints of all rows of a table, kept ready for the wire. */
export class Fingerprints {
  readonly #table: StatementTable;
  readonly #calls: number;
  #bytes: Buffer<ArrayBuffer>;

  constructor(table: StatementTable) {
    const { shape, count } = table;
    this.#table = table;
    this.#calls = counterIndex(shape, "calls");
    this.#bytes = Buffer.alloc(headerBytes + elementBytes * count);
    this.#bytes.writeInt32BE(1, 0);
    this.#bytes.writeInt32BE(20, 8);
    this.#bytes.writeInt32BE(1, 16);
    for (let row = 0; row < count; row++) this.update(row);
  }

  /** The array; valid until the next update. */
  get bytes(): Buffer {
    const { count } = this.#table;
    this.#bytes.writeInt32BE(count, 12);
    return this.#bytes.subarray(0, headerBytes + elementBytes * count);
  }

  /** Follows a change of one row of the table, or a new row. */
  update(row: number): void {
    const at = headerBytes + elementBytes * row;
    if (at + elementBytes > this.#bytes.length) this.#grow();
    const table = this.#table;
    const database = table.databaseId(row);
    const user = table.userId(row);
    const calls = table.value(row, this.#calls);
    const nested = table.shape.toplevel && !table.toplevel(row) ? -1 : 0;
    const lower = table.queryIdLow(row) ^ Math.imul(database, databaseFactor) ^ Math.imul(user, userFactor);
    const upper = table.queryIdHigh(row) ^ productHigh(database, databaseFactor) ^ productHigh(user, userFactor);
    this.#bytes.writeInt32BE(8, at);
    this.#bytes.writeInt32BE(upper ^ (calls / two32) ^ nested, at + 4);
    this.#bytes.writeInt32BE(lower ^ calls ^ nested, at + 8);
  }

  #grow(): void {
    const larger = Buffer.alloc(2 * this.#bytes.length);
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}

/** The upper 32 bits of the product of two numbers below 2^32. */
function productHigh(a: number, b: number): number {
  const lowPart = a * (b & 0xffff);
  const highPart = a * (b >>> 16);
  return Math.floor(highPart / 65_536) + Math.floor(((highPart % 65_536) * 65_536 + lowPart) / two32);
}
