import { exactInteger } from "@dbintel/polling";
import { z } from "zod";
import { integer, type Row, type Value } from "../row.ts";

interface Reading {
  /** The server's clock. */
  readonly clockMicros: bigint;
  /** When the server's counters begin. */
  readonly start: bigint | undefined;
  readonly total: ReadonlyMap<string, bigint>;
  /** The relations that were reported one by one, with their counters. */
  readonly single: ReadonlyMap<Value, Row>;
}

/** What tells a relation apart, by its type: "1" is none of 1. */
const relationKey = z.codec(z.string(), z.union([z.bigint(), z.number(), z.string()]), {
  decode: (text) => {
    if (text.startsWith("i")) return BigInt(text.slice(1));
    return text.startsWith("n") ? Number(text.slice(1)) : text.slice(1);
  },
  encode: (key) => `${typeof key === "bigint" ? "i" : typeof key === "number" ? "n" : "s"}${key}`,
});

/** What the rest has counted, as it is kept over a restart; counters in the order of their names there. */
export const keptRest = z.object({
  counters: z.array(z.string()),
  startMicros: exactInteger,
  sums: z.array(exactInteger),
  last: z.object({
    clockMicros: exactInteger,
    start: exactInteger.optional(),
    total: z.array(exactInteger),
    single: z.array(z.tuple([relationKey, z.array(exactInteger)])),
  }),
});
export type KeptRest = z.output<typeof keptRest>;

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

  constructor(args: {
    /** The columns that count. */
    readonly counters: readonly string[];
    /** The column that tells relations apart. */
    readonly key: string;
    /** What an earlier process knew; left aside when it counted other things. */
    readonly kept?: KeptRest | undefined;
  }) {
    const { counters, key, kept } = args;
    this.#columns = counters;
    this.#key = key;
    if (kept === undefined || kept.counters.join() !== counters.join()) return;
    const byColumn = (values: readonly bigint[]) =>
      new Map(counters.map((column, index) => [column, values[index] ?? 0n]));
    const { clockMicros, start, total, single } = kept.last;
    this.#startMicros = kept.startMicros;
    for (const [column, sum] of byColumn(kept.sums)) this.#sums.set(column, sum);
    this.#last = {
      ...{ clockMicros, start, total: byColumn(total) },
      single: new Map(single.map(([relation, values]) => [relation, Object.fromEntries(byColumn(values))])),
    };
  }

  /** What is to be kept; `undefined` before the first look. */
  get kept(): KeptRest | undefined {
    const [startMicros, last] = [this.#startMicros, this.#last];
    if (startMicros === undefined || last === undefined) return undefined;
    const values = (count: (column: string) => bigint | undefined) => this.#columns.map((name) => count(name) ?? 0n);
    const single = [...last.single].flatMap(([relation, row]): KeptRest["last"]["single"] =>
      isKey(relation) ? [[relation, values((column) => of(row, column))]] : [],
    );
    const { clockMicros, start } = last;
    return {
      ...{ counters: [...this.#columns], startMicros, sums: values((column) => this.#sums.get(column)) },
      last: { clockMicros, start, total: values((column) => last.total.get(column)), single },
    };
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
    const reading = this.#reading(single, rest, clockMicros);
    const last = this.#last;
    this.#last = reading;
    const since = last === undefined ? "unknown" : this.#since(last, reading);
    for (const column of this.#columns) {
      const before = this.#sums.get(column) ?? 0n;
      if (last !== undefined && since === "last") this.#sums.set(column, before + grown(column, last, reading, exists));
      else this.#sums.set(column, since === "reset" ? before + of(rest, column) : before);
    }
    return rest === undefined ? undefined : { ...rest, ...Object.fromEntries(this.#sums), start: this.#startMicros };
  }

  /**
   * Since when the counters have grown to what they are. A clean restart of the server moves their start too, and they
   * go on; where they fell to what another server has counted for long, nobody knows.
   */
  #since(last: Reading, now: Reading): "last" | "reset" | "unknown" {
    if (last.start === now.start) return "last";
    const fell = this.#columns.every((column) => (now.total.get(column) ?? 0n) <= (last.total.get(column) ?? 0n));
    if (!fell) return "last";
    return now.start === undefined || now.start >= last.clockMicros ? "reset" : "unknown";
  }

  #reading(single: readonly Row[], rest: Row | undefined, clockMicros: bigint): Reading {
    const all = rest === undefined ? single : [...single, rest];
    return {
      clockMicros,
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

function isKey(value: Value): value is bigint | number | string {
  return typeof value === "bigint" || typeof value === "number" || typeof value === "string";
}
