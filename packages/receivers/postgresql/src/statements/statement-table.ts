import { high, low, SparseRows, UnpackedRow, wordOf } from "./sparse-rows.ts";
import type { StatementShape } from "./statement-columns.ts";

/** Words of the head of a row: the queryid, the dbid, the userid and stats_since, in microseconds since 2000. */
const databaseWord = 2;
const userWord = 3;
const sinceWord = 4;
/** The place of minmax_stats_since where it is another time; then come the counters, and the states. */
const minmaxPlace = 0;
const firstPlace = 1;

/** The server's own limit is pg_stat_statements.max; this one bounds the memory whatever that is set to. */
export const mostStatements = 1_000_000;

/** Microseconds from 1970-01-01 to 2000-01-01, PostgreSQL's epoch. */
const postgresEpochMicros = 946_684_800_000_000n;

/** What is selected of an entry, as `StatementTable.appendRow` takes it. */
export function statementRowSql(shape: StatementShape): string {
  const [always = "", ...others] = shape.fields.map(({ sql }) => sql);
  const entry = [
    ...["oidsend(dbid)", "oidsend(userid)", "int8send(queryid)", `boolsend(${shape.toplevel ? "toplevel" : "true"})`],
    ...(shape.statsSince ? ["timestamptz_send(stats_since)"] : []),
    always,
  ];
  const minmaxSince = shape.minmaxSince ? ["NULLIF(minmax_stats_since, stats_since)"] : [];
  return [entry.join(" || "), ...minmaxSince, ...others].join(", ");
}

/** The identity of one entry of pg_stat_statements. */
export interface StatementKey {
  readonly databaseId: number;
  readonly userId: number;
  readonly queryId: bigint;
  readonly toplevel: boolean;
}

/**
 * Counters of statements by (dbid, userid, queryid, toplevel).
 *
 * Rows are appended as they come from the wire and keep their number. Integers are kept in full 64 bits and leave
 * as exact numbers or not at all.
 */
export class StatementTable {
  readonly shape: StatementShape;
  readonly #floating: readonly boolean[];
  /** In which words of an unpacked row the values of each field of the shape are. */
  readonly #fields: readonly (readonly number[])[];
  readonly #unpacked = new UnpackedRow();
  #rows: SparseRows;
  /** Open addressing over row numbers + 1; empty until the first `find`. */
  #slots = new Int32Array(0);
  /** Rows whose identity the server hides from this user. */
  hidden = 0;
  /** Rows beyond `mostStatements`. */
  omitted = 0;

  constructor(shape: StatementShape, capacity = 1024) {
    this.shape = shape;
    this.#floating = [
      ...shape.counters.map((counter) => counter.type === "milliseconds"),
      ...shape.states.map(() => true),
    ];
    this.#fields = shape.fields.map(({ places }) => places.map((place) => wordOf(firstPlace + place)));
    this.#rows = new SparseRows(capacity);
  }

  /** A table of what `bytes` gave for the same shape; `undefined` when it is not that. */
  static of(shape: StatementShape, bytes: Uint8Array): StatementTable | undefined {
    const rows = SparseRows.of(bytes);
    if (rows === undefined) return undefined;
    const table = new StatementTable(shape, 0);
    table.#rows = rows;
    return table;
  }

  /** The first rows in the machine's byte order; valid until the next change. */
  bytes(most: number): Uint8Array {
    return this.#rows.bytes(most);
  }

  get count(): number {
    return this.#rows.count;
  }

  /** Whether another row may be added. */
  get hasRoom(): boolean {
    return this.count < mostStatements;
  }

  /**
   * Appends the body of one DataRow message in binary format, as `statementRowSql` selects it: int16 fields, then for
   * each int32 length (-1 for NULL) and the value, all big-endian. The first is dbid and userid, each 4 bytes, queryid
   * (8), toplevel (1), stats_since (8, where the server has it) and 8 for each value of the shape's first field; it is
   * NULL where the server hides the query id. Then minmax_stats_since, NULL for the time before it, where the server
   * has that, and the shape's other fields, NULL where all their values are 0.
   */
  appendRow(bytes: Uint8Array, start: number): void {
    let at = start + 2;
    if (int32(bytes, at) < 0) {
      this.hidden++;
      return;
    }
    if (!this.hasRoom) {
      this.omitted++;
      return;
    }
    const row = this.#unpacked;
    row.clear();
    at += 4;
    row.words[databaseWord] = int32(bytes, at);
    row.words[userWord] = int32(bytes, at + 4);
    set(row, 0, bytes, at + 8);
    row.flag = bytes[at + 16] === 1;
    at += 17;
    if (this.shape.statsSince) {
      set(row, sinceWord, bytes, at);
      at += 8;
    }
    for (let field = 0; field < this.#fields.length; field++) {
      if (field > 0) {
        at += 4;
        if (int32(bytes, at - 4) < 0) continue;
      }
      for (const word of this.#fields[field] ?? []) {
        set(row, word, bytes, at);
        at += 8;
      }
      if (field === 0 && this.shape.minmaxSince) {
        at += 4;
        if (int32(bytes, at - 4) < 0) continue;
        set(row, wordOf(minmaxPlace), bytes, at);
        at += 8;
      }
    }
    this.#rows.append(row);
  }

  key(row: number): StatementKey {
    return {
      databaseId: this.databaseId(row),
      userId: this.userId(row),
      queryId: BigInt.asIntN(64, (BigInt(this.queryIdHigh(row)) << 32n) | BigInt(this.queryIdLow(row))),
      toplevel: this.toplevel(row),
    };
  }

  queryIdLow(row: number): number {
    return this.#rows.head(row, low);
  }

  queryIdHigh(row: number): number {
    return this.#rows.head(row, high);
  }

  databaseId(row: number): number {
    return this.#rows.head(row, databaseWord);
  }

  userId(row: number): number {
    return this.#rows.head(row, userWord);
  }

  toplevel(row: number): boolean {
    return this.#rows.flag(row);
  }

  /** Since when the entry counts, in microseconds since 1970; 0n when the server does not say. */
  sinceMicros(row: number): bigint {
    return unixMicros(this.#rows.head(row, sinceWord + high), this.#rows.head(row, sinceWord + low));
  }

  /** Since when its least and greatest time count, as above. */
  minmaxSinceMicros(row: number): bigint {
    return unixMicros(this.#rows.high(row, minmaxPlace), this.#rows.low(row, minmaxPlace)) || this.sinceMicros(row);
  }

  /** Whether the same entry counts since another moment than `row` of `other` does. */
  sinceDiffers(row: number, other: StatementTable, otherRow: number): boolean {
    return (
      this.#rows.head(row, sinceWord) !== other.#rows.head(otherRow, sinceWord) ||
      this.#rows.head(row, sinceWord + 1) !== other.#rows.head(otherRow, sinceWord + 1)
    );
  }

  /** A counter or a state as a number: exact for what `Number.isSafeInteger` accepts, never a wrong small number. */
  value(row: number, counter: number): number {
    if (this.#floating[counter]) return this.#rows.float(row, firstPlace + counter);
    return this.#rows.integer(row, firstPlace + counter);
  }

  /** The halves of an integer counter: all of its bits, also beyond 2^53. */
  counterLow(row: number, counter: number): number {
    return this.#rows.low(row, firstPlace + counter);
  }

  counterHigh(row: number, counter: number): number {
    return this.#rows.high(row, firstPlace + counter);
  }

  /** How much a counter grew from `previousRow` of `previous` to `row`; exact like `value`. */
  growth(row: number, counter: number, previous: StatementTable, previousRow: number): number {
    if (this.#floating[counter]) return this.value(row, counter) - previous.value(previousRow, counter);
    return this.#rows.growth(row, firstPlace + counter, previous.#rows, previousRow);
  }

  /**
   * The row with the same key as `row` of `other`, or -1. Two polls list statements in nearly the same order, so the
   * row after the last one found is tried first.
   */
  find(other: StatementTable, row: number, hint: number): number {
    if (hint < this.count && this.#sameKey(hint, other, row)) return hint;
    if (this.#slots.length < slotsFor(this.count)) this.#index();
    const mask = this.#slots.length - 1;
    for (let slot = other.#hash(row) & mask; ; slot = (slot + 1) & mask) {
      const candidate = (this.#slots[slot] ?? 0) - 1;
      if (candidate < 0 || this.#sameKey(candidate, other, row)) return candidate;
    }
  }

  /** Takes over `row` of `other`: in place of `at`, or as a new row when `at` is -1. Returns where it stands. */
  assign(at: number, other: StatementTable, row: number): number {
    const target = this.#rows.assign(at, other.#rows, row);
    // A table that has become too small is made again when it is needed.
    if (at < 0 && this.#slots.length >= slotsFor(this.count)) this.#insert(target);
    return target;
  }

  /** Forgets all rows and keeps the room for them. */
  clear(): void {
    this.#rows.clear();
    this.#slots = new Int32Array(0);
    this.hidden = 0;
    this.omitted = 0;
  }

  #hash(row: number): number {
    let hash = this.#rows.head(row, 0) ^ Math.imul(this.databaseId(row), 0x9e3779b1);
    hash ^= Math.imul(this.userId(row), 0x85ebca6b) ^ (this.toplevel(row) ? 1 : 0);
    hash = Math.imul(hash ^ (hash >>> 16), 0x7feb352d);
    return (hash ^ (hash >>> 15)) >>> 0;
  }

  #sameKey(row: number, other: StatementTable, otherRow: number): boolean {
    return (
      this.#rows.head(row, 0) === other.#rows.head(otherRow, 0) &&
      this.#rows.head(row, 1) === other.#rows.head(otherRow, 1) &&
      this.databaseId(row) === other.databaseId(otherRow) &&
      this.userId(row) === other.userId(otherRow) &&
      this.toplevel(row) === other.toplevel(otherRow)
    );
  }

  #index(): void {
    this.#slots = new Int32Array(slotsFor(this.count));
    for (let row = 0; row < this.count; row++) this.#insert(row);
  }

  #insert(row: number): void {
    const mask = this.#slots.length - 1;
    let slot = this.#hash(row) & mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    this.#slots[slot] = row + 1;
  }
}

/** How many slots so many rows need: a power of two, and a quarter of them free. */
function slotsFor(rows: number): number {
  let size = 16;
  while (3 * size < 4 * rows) size *= 2;
  return size;
}

/** Takes over a 64-bit value. */
function set({ words }: UnpackedRow, word: number, bytes: Uint8Array, at: number): void {
  words[word + high] = int32(bytes, at);
  words[word + low] = int32(bytes, at + 4);
}

/** Microseconds since 2000 as those since 1970; 0n stands for none. */
function unixMicros(upper: number, lower: number): bigint {
  const micros = (BigInt(upper | 0) << 32n) | BigInt(lower);
  return micros === 0n ? 0n : micros + postgresEpochMicros;
}

function int32(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0);
}
