import { counterIndex, type StatementShape } from "./statement-columns.ts";
import type { StatementTable } from "./statement-table.ts";

/*
 * Rows that did not change since the last poll need not cross the wire. The server knows one 64-bit fingerprint for
 * each row that is remembered and answers with the rows whose fingerprint is not among them. Most of them stand in the
 * text of a statement that its session has prepared, and are sent once for many polls; those of the rows that have
 * changed since come with each poll, but for those that change from poll to poll: they are read in any case. benchmarks/postgresql/poll.ts measures it. Each operation more for each row costs
 * the server 1 to 2 ms at 100,000 statements.
 *
 *   queryid # dbid * A # userid * B # (calls, or ~calls for a nested statement)
 *
 * Calls only grow, so for one key each execution gives another fingerprint. What slips through is seen with the next
 * execution or the next complete reading, whichever is first: an entry that was reset alone and came back with just
 * as many calls as were known when the statement was prepared or since; a statement that was only planned; a key whose
 * fingerprint is that of another key, for which their 64-bit query ids, or the products for their databases and users,
 * have to differ in just the bits of their calls.
 */
const databaseFactor = 1_540_483_477;
const userFactor = 739_982_445;
const two32 = 2 ** 32;

const littleEndian = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;
const low = littleEndian ? 0 : 1;
const high = littleEndian ? 1 : 0;

/** From here on the server looks a value up in an array by hashing. */
const hashesIn = 140_000;

/**
 * The condition for rows of pg_stat_statements whose fingerprint is neither in `base`, the text of an `int8[]`, nor in
 * `$1`. Rows whose query id is withheld (NULL) pass as well, to be counted. Where the server tells since when a row
 * counts, so does what counts only since later than `$2`; nothing does where that is NULL.
 *
 * Inside a CASE the arrays are hashed as anywhere, but nobody estimates for each of their elements how many rows have
 * it: at 100,000 statements that is a third of the whole cost.
 */
export function changedSql(shape: StatementShape, versionNumber: number, base: string): string {
  const fingerprint = fingerprintSql(shape);
  if (versionNumber < hashesIn) {
    // OFFSET 0 keeps the list in the SELECT clause, where it is not copied before it is hashed.
    return `NOT EXISTS (SELECT FROM (SELECT unnest('${base}'::int8[] || $1::int8[]) AS fingerprint OFFSET 0) known
                         WHERE known.fingerprint = ${fingerprint})`;
  }
  const known = `${fingerprint} = ANY ('${base}'::int8[]) OR ${fingerprint} = ANY ($1::int8[])`;
  return `CASE WHEN ${known} THEN ${shape.statsSince ? "stats_since > $2::timestamptz" : "false"} ELSE true END`;
}

/** The fingerprint of a row of pg_stat_statements as the server computes it. */
function fingerprintSql({ toplevel }: StatementShape): string {
  const calls = toplevel ? "CASE WHEN toplevel THEN calls ELSE ~calls END" : "calls";
  return `(queryid # (dbid::int8 * ${databaseFactor}) # (userid::int8 * ${userFactor}) # (${calls}))`;
}

/**
 * An `int8[]` in PostgreSQL's binary format: int32 dimensions (1), has NULL (0), oid of the element type (20),
 * length, lower bound (1), then for each element int32 length (8) and value, all big-endian.
 */
const headerBytes = 20;
const emptyBytes = 12;
const elementBytes = 12;

/** From this share of its rows on, or from so many, the changed ones are worth a new base. */
const wornShare = 0.25;
const wornRows = 1000;

const pieceRows = 1000;

/** The fingerprints of all rows of a table, as the server is to know them. */
export class Fingerprints {
  readonly #table: StatementTable;
  readonly #calls: number;
  /** Of the rows that changed since the base was made. */
  #changed: Buffer<ArrayBuffer> = Buffer.alloc(headerBytes + 16 * elementBytes);
  readonly #places = new Map<number, number>();
  /** The rows in their places. */
  readonly #rows: number[] = [];
  /** By the rows that changed with the last reading, and with the one before: the lower half of their fingerprints. */
  #latest = new Map<number, number>();
  #before: ReadonlyMap<number, number> = this.#latest;

  constructor(table: StatementTable) {
    this.#table = table;
    this.#calls = counterIndex(table.shape, "calls");
    this.#changed.writeInt32BE(1, 0);
    this.#changed.writeInt32BE(20, 8);
    this.#changed.writeInt32BE(1, 16);
  }

  /** Whether so many rows have changed that a new base is cheaper than to send them again and again. */
  get worn(): boolean {
    return this.#places.size > Math.max(wornRows, wornShare * this.#table.count);
  }

  /** The fingerprints of all rows as they are now, as the text of an `int8[]`; none has changed since. */
  rebase(): string {
    const words = new Int32Array(2);
    const numbers = new BigInt64Array(words.buffer);
    // In pieces, so that no more than one of them outlives a collection of young objects.
    const pieces: string[] = [];
    for (let first = 0; first < this.#table.count; first += pieceRows) {
      const elements: string[] = [];
      for (let row = first; row < Math.min(this.#table.count, first + pieceRows); row++) {
        words[low] = this.#lower(row);
        words[high] = this.#upper(row);
        elements.push(String(numbers[0]));
      }
      pieces.push(elements.join(","));
    }
    this.#places.clear();
    this.#rows.length = 0;
    return `{${pieces.join(",")}}`;
  }

  /** The array of those that changed since; valid until the next update. */
  get bytes(): Buffer {
    const { size } = this.#places;
    // An array without elements has no dimension.
    this.#changed.writeInt32BE(size === 0 ? 0 : 1, 0);
    this.#changed.writeInt32BE(size, 12);
    return this.#changed.subarray(0, size === 0 ? emptyBytes : headerBytes + elementBytes * size);
  }

  /** The updates from here on are those of another reading. */
  begin(): void {
    this.#before = this.#latest;
    this.#latest = new Map();
  }

  /** Follows one row of the table that was read, a new one too. */
  update(row: number): void {
    const lower = this.#lower(row);
    const before = this.#before.get(row);
    if (before !== lower) this.#latest.set(row, lower);
    // One that changed between the last two readings will have changed again: 12 bytes each time save it no row.
    if (before !== undefined && before !== lower) this.#remove(row);
    else this.#put(row, lower);
  }

  #put(row: number, lower: number): void {
    const place = this.#places.get(row) ?? this.#places.size;
    this.#places.set(row, place);
    this.#rows[place] = row;
    const at = headerBytes + elementBytes * place;
    if (at + elementBytes > this.#changed.length) this.#grow();
    this.#changed.writeInt32BE(8, at);
    this.#changed.writeInt32BE(this.#upper(row), at + 4);
    this.#changed.writeInt32BE(lower, at + 8);
  }

  /** The last one takes its place. */
  #remove(row: number): void {
    const place = this.#places.get(row);
    const last = this.#rows.at(-1);
    if (place === undefined || last === undefined) return;
    const from = headerBytes + elementBytes * (this.#rows.length - 1);
    this.#changed.copyWithin(headerBytes + elementBytes * place, from, from + elementBytes);
    this.#places.set(last, place);
    this.#rows[place] = last;
    this.#rows.length--;
    this.#places.delete(row);
  }

  #lower(row: number): number {
    const table = this.#table;
    const key =
      table.queryIdLow(row) ^
      Math.imul(table.databaseId(row), databaseFactor) ^
      Math.imul(table.userId(row), userFactor);
    return key ^ table.counterLow(row, this.#calls) ^ this.#level(row);
  }

  #upper(row: number): number {
    const table = this.#table;
    const key =
      table.queryIdHigh(row) ^
      productHigh(table.databaseId(row), databaseFactor) ^
      productHigh(table.userId(row), userFactor);
    return key ^ table.counterHigh(row, this.#calls) ^ this.#level(row);
  }

  #level(row: number): number {
    return this.#table.shape.toplevel && !this.#table.toplevel(row) ? -1 : 0;
  }

  #grow(): void {
    const larger = Buffer.alloc(2 * this.#changed.length);
    larger.set(this.#changed);
    this.#changed = larger;
  }
}

/** The upper 32 bits of the product of two numbers below 2^32. */
function productHigh(a: number, b: number): number {
  const lowPart = a * (b & 0xffff);
  const highPart = a * (b >>> 16);
  return Math.floor(highPart / 65_536) + Math.floor(((highPart % 65_536) * 65_536 + lowPart) / two32);
}
