import { integer, type Row, type Value } from "../row.ts";

interface Reading {
  /** When the server's counters begin. */
  readonly start: bigint | undefined;
  readonly total: ReadonlyMap<string, bigint>;
  /** The relations that were reported one by one. */
  readonly single: ReadonlyMap<Value, Row>;
}

/**
 * The counters of all relations that are not reported one by one.
 *
 * Their sum at one moment is no counter: it falls when a relation moves out of it and jumps when one moves in. So what
 * they counted between two looks is added up instead: what all relations counted, less what those did that were
 * reported both times. What a relation counted before it was dropped in between is lost, nothing is counted twice.
 */
export class RestRow {
  readonly #columns: readonly string[];
  readonly #key: string;
  readonly #sums = new Map<string, bigint>();
  #startMicros: bigint | undefined;
  #last: Reading | undefined;

  /** `counters` are the columns that count; `key` is the column that tells relations apart. */
  constructor(args: { readonly counters: readonly string[]; readonly key: string }) {
    this.#columns = args.counters;
    this.#key = args.key;
  }

  /**
   * The row of the rest, its counters since the first look; gauges stay as they are. `rest` is `undefined` when all are
   * reported one by one; `exists` tells whether a relation is still there.
   */
  next(args: {
    readonly single: readonly Row[];
    readonly rest: Row | undefined;
    readonly clockMicros: bigint;
    readonly exists: (key: Value) => boolean;
  }): Row | undefined {
    const { single, rest, clockMicros, exists } = args;
    this.#startMicros ??= clockMicros;
    const reading = this.#reading(single, rest);
    const last = this.#last;
    this.#last = reading;
    for (const column of this.#columns) {
      const sum = this.#sums.get(column) ?? 0n;
      if (last === undefined) this.#sums.set(column, 0n);
      else
        this.#sums.set(
          column,
          sum + (last.start === reading.start ? grown(column, last, reading, exists) : of(rest, column)),
        );
    }
    return rest === undefined ? undefined : { ...rest, ...Object.fromEntries(this.#sums), start: this.#startMicros };
  }

  #reading(single: readonly Row[], rest: Row | undefined): Reading {
    const all = rest === undefined ? single : [...single, rest];
    return {
      start: all[0] === undefined ? undefined : integer(all[0], "start"),
      total: new Map(this.#columns.map((column) => [column, all.reduce((sum, row) => sum + of(row, column), 0n)])),
      single: new Map(single.map((row) => [row[this.#key] ?? null, row])),
    };
  }
}

/** What the rest has counted from one reading to the next, by one counter. */
function grown(column: string, last: Reading, now: Reading, exists: (key: Value) => boolean): bigint {
  let difference = (now.total.get(column) ?? 0n) - (last.total.get(column) ?? 0n);
  for (const [key, before] of last.single) {
    const after = now.single.get(key);
    if (after !== undefined) difference -= of(after, column) - of(before, column);
    else if (!exists(key)) difference += of(before, column);
  }
  return difference > 0n ? difference : 0n;
}

function of(row: Row | undefined, column: string): bigint {
  return row === undefined ? 0n : (integer(row, column) ?? 0n);
}
