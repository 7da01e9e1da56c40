import type { StatementShape } from "./statement-columns.ts";

/*
 * A row in 32-bit words, each pair a 64-bit value in the machine's byte order:
 *   0–1 queryid · 2 dbid · 3 userid · 4–5 stats_since · 6–7 minmax_stats_since · 8… the counters, then the states
 * Times are in microseconds since 2000, 0 when unknown.
 *
 * As objects 100,000 statements take five times the memory, and a second of garbage collection.
 * benchmarks/postgresql/poll.ts measures it.
 */
const databaseWord = 2;
const userWord = 3;
const sinceWord = 4;
const minmaxWord = 6;
const headerWords = 8;

/** The server's own limit is pg_stat_statements.max; this one bounds the memory whatever that is set to. */
export const mostStatements = 1_000_000;

const littleEndian = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;
const low = littleEndian ? 0 : 1;
const high = littleEndian ? 1 : 0;

const two32 = 2 ** 32;
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
 * Counters of statements by (dbid, userid, queryid, toplevel) in one flat buffer.
 *
 * Rows are appended as they come from the wire and keep their number. Integers are kept in full 64 bits and leave
 * as exact numbers or not at all.
 */
export class StatementTable {
  readonly shape: StatementShape;
  readonly #stride: number;
  readonly #floating: readonly boolean[];
  /** In which words of a row the values of each field of the shape are. */
  readonly #fields: readonly (readonly number[])[];
  #words: Uint32Array<ArrayBuffer>;
  #floats: Float64Array<ArrayBuffer>;
  #toplevel: Uint8Array<ArrayBuffer>;
  /** Open addressing over row numbers + 1; empty until the first `find`. */
  #slots = new Int32Array(0);
  #count = 0;
  /** Rows whose identity the server hides from this user. */
  hidden = 0;
  /** Rows beyond `mostStatements`. */
  omitted = 0;

  constructor(shape: StatementShape, capacity = 1024) {
    this.shape = shape;
    this.#stride = headerWords + 2 * (shape.counters.length + shape.states.length);
    this.#floating = [
      ...shape.counters.map((counter) => counter.type === "milliseconds"),
      ...shape.states.map(() => true),
    ];
    this.#fields = shape.fields.map(({ places }) => places.map((place) => headerWords + 2 * place));
    this.#words = new Uint32Array(capacity * this.#stride);
    this.#floats = new Float64Array(this.#words.buffer);
    this.#toplevel = new Uint8Array(capacity);
  }

  /** A table of what `bytes` gave for the same shape; `undefined` when these are not that. */
  static of(shape: StatementShape, [rows, toplevel]: readonly Uint8Array[]): StatementTable | undefined {
    const table = new StatementTable(shape, 1);
    if (rows === undefined || toplevel?.length !== rows.length / (4 * table.#stride)) return undefined;
    table.#words = new Uint32Array(rows.slice().buffer);
    table.#floats = new Float64Array(table.#words.buffer);
    table.#toplevel = toplevel.slice();
    table.#count = toplevel.length;
    return table;
  }

  /** The first rows in the machine's byte order, and whether each is at top level; valid until the next change. */
  bytes(most: number): readonly [rows: Uint8Array, toplevel: Uint8Array] {
    const count = Math.min(this.#count, most);
    return [new Uint8Array(this.#words.buffer, 0, 4 * count * this.#stride), this.#toplevel.subarray(0, count)];
  }

  get count(): number {
    return this.#count;
  }

  /** Whether another row may be added. */
  get hasRoom(): boolean {
    return this.#count < mostStatements;
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
    this.#reserve(this.#count + 1);
    const words = this.#words;
    const base = this.#count * this.#stride;
    words.fill(0, base, base + this.#stride);
    at += 4;
    words[base + databaseWord] = uint32(bytes, at);
    words[base + userWord] = uint32(bytes, at + 4);
    this.#set(base, bytes, at + 8);
    this.#toplevel[this.#count] = bytes[at + 16] ?? 0;
    at += 17;
    if (this.shape.statsSince) {
      this.#set(base + sinceWord, bytes, at);
      at += 8;
    }
    for (let field = 0; field < this.#fields.length; field++) {
      if (field > 0) {
        at += 4;
        if (int32(bytes, at - 4) < 0) continue;
      }
      for (const word of this.#fields[field] ?? []) {
        this.#set(base + word, bytes, at);
        at += 8;
      }
      if (field === 0 && this.shape.minmaxSince) at = this.#readMinmaxSince(base, bytes, at);
    }
    this.#count++;
  }

  #readMinmaxSince(base: number, bytes: Uint8Array, at: number): number {
    const known = int32(bytes, at) === 8;
    if (known) this.#set(base + minmaxWord, bytes, at + 4);
    else this.#words.copyWithin(base + minmaxWord, base + sinceWord, base + minmaxWord);
    return at + (known ? 12 : 4);
  }

  /** Takes over a 64-bit value. */
  #set(word: number, bytes: Uint8Array, at: number): void {
    this.#words[word + high] = uint32(bytes, at);
    this.#words[word + low] = uint32(bytes, at + 4);
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
    return this.#word(row * this.#stride + low);
  }

  queryIdHigh(row: number): number {
    return this.#word(row * this.#stride + high);
  }

  databaseId(row: number): number {
    return this.#word(row * this.#stride + databaseWord);
  }

  userId(row: number): number {
    return this.#word(row * this.#stride + userWord);
  }

  toplevel(row: number): boolean {
    return this.#toplevel[row] === 1;
  }

  /** Since when the entry counts, in microseconds since 1970; 0n when the server does not say. */
  sinceMicros(row: number): bigint {
    return this.#micros(row * this.#stride + sinceWord);
  }

  /** Since when its least and greatest time count, as above. */
  minmaxSinceMicros(row: number): bigint {
    return this.#micros(row * this.#stride + minmaxWord);
  }

  #micros(base: number): bigint {
    const micros = (BigInt(this.#word(base + high) | 0) << 32n) | BigInt(this.#word(base + low));
    return micros === 0n ? 0n : micros + postgresEpochMicros;
  }

  /** Whether the same entry counts since another moment than `row` of `other` does. */
  sinceDiffers(row: number, other: StatementTable, otherRow: number): boolean {
    const mine = row * this.#stride + sinceWord;
    const theirs = otherRow * other.#stride + sinceWord;
    return this.#words[mine] !== other.#words[theirs] || this.#words[mine + 1] !== other.#words[theirs + 1];
  }

  /** A counter or a state as a number: exact for what `Number.isSafeInteger` accepts, never a wrong small number. */
  value(row: number, counter: number): number {
    const at = row * this.#stride + headerWords + 2 * counter;
    if (this.#floating[counter]) return this.#floats[at >> 1] ?? Number.NaN;
    return this.#word(at + high) * two32 + this.#word(at + low);
  }

  /** The halves of an integer counter: all of its bits, also beyond 2^53. */
  counterLow(row: number, counter: number): number {
    return this.#word(row * this.#stride + headerWords + 2 * counter + low);
  }

  counterHigh(row: number, counter: number): number {
    return this.#word(row * this.#stride + headerWords + 2 * counter + high);
  }

  /** How much a counter grew from `previousRow` of `previous` to `row`; exact like `value`. */
  growth(row: number, counter: number, previous: StatementTable, previousRow: number): number {
    if (this.#floating[counter]) return this.value(row, counter) - previous.value(previousRow, counter);
    const now = row * this.#stride + headerWords + 2 * counter;
    const before = previousRow * previous.#stride + headerWords + 2 * counter;
    return (
      (this.#word(now + high) - previous.#word(before + high)) * two32 +
      (this.#word(now + low) - previous.#word(before + low))
    );
  }

  /**
   * The row with the same key as `row` of `other`, or -1. Two polls list statements in nearly the same order, so the
   * row after the last one found is tried first.
   */
  find(other: StatementTable, row: number, hint: number): number {
    if (hint < this.#count && this.#sameKey(hint, other, row)) return hint;
    if (this.#slots.length < 2 * this.#count || this.#slots.length === 0) this.#index();
    const mask = this.#slots.length - 1;
    for (let slot = other.#hash(row) & mask; ; slot = (slot + 1) & mask) {
      const candidate = (this.#slots[slot] ?? 0) - 1;
      if (candidate < 0 || this.#sameKey(candidate, other, row)) return candidate;
    }
  }

  /** Takes over `row` of `other`: in place of `at`, or as a new row when `at` is -1. Returns where it stands. */
  assign(at: number, other: StatementTable, row: number): number {
    const target = at < 0 ? this.#count : at;
    if (at < 0) this.#reserve(this.#count + 1);
    const from = row * other.#stride;
    this.#words.set(other.#words.subarray(from, from + other.#stride), target * this.#stride);
    this.#toplevel[target] = other.#toplevel[row] ?? 0;
    if (at < 0) {
      this.#count++;
      if (this.#slots.length >= 2 * this.#count) this.#insert(target);
      else this.#slots = new Int32Array(0);
    }
    return target;
  }

  /** Forgets all rows and keeps the room for them. */
  clear(): void {
    this.#count = 0;
    this.#slots = new Int32Array(0);
    this.hidden = 0;
    this.omitted = 0;
  }

  #word(at: number): number {
    return this.#words[at] ?? 0;
  }

  #hash(row: number): number {
    const base = row * this.#stride;
    let hash = this.#word(base) ^ Math.imul(this.#word(base + databaseWord), 0x9e3779b1);
    hash ^= Math.imul(this.#word(base + userWord), 0x85ebca6b) ^ (this.#toplevel[row] ?? 0);
    hash = Math.imul(hash ^ (hash >>> 16), 0x7feb352d);
    return (hash ^ (hash >>> 15)) >>> 0;
  }

  #sameKey(row: number, other: StatementTable, otherRow: number): boolean {
    const mine = row * this.#stride;
    const theirs = otherRow * other.#stride;
    return (
      this.#words[mine] === other.#words[theirs] &&
      this.#words[mine + 1] === other.#words[theirs + 1] &&
      this.#words[mine + databaseWord] === other.#words[theirs + databaseWord] &&
      this.#words[mine + userWord] === other.#words[theirs + userWord] &&
      this.#toplevel[row] === other.#toplevel[otherRow]
    );
  }

  #index(): void {
    let size = 16;
    while (size < 3 * this.#count) size *= 2;
    this.#slots = new Int32Array(size);
    for (let row = 0; row < this.#count; row++) this.#insert(row);
  }

  #insert(row: number): void {
    const mask = this.#slots.length - 1;
    let slot = this.#hash(row) & mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    this.#slots[slot] = row + 1;
  }

  #reserve(rows: number): void {
    if (rows <= this.#toplevel.length) return;
    const capacity = 2 * this.#toplevel.length;
    const words = new Uint32Array(capacity * this.#stride);
    words.set(this.#words);
    const toplevel = new Uint8Array(capacity);
    toplevel.set(this.#toplevel);
    this.#words = words;
    this.#floats = new Float64Array(words.buffer);
    this.#toplevel = toplevel;
  }
}

function uint32(bytes: Uint8Array, at: number): number {
  return int32(bytes, at) >>> 0;
}

function int32(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0);
}
