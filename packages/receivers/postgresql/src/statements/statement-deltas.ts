import type { StatementTable } from "./statement-table.ts";

/**
 * How the difference of an entry came about.
 * - `normal`: its counters grew.
 * - `new`: it was not there at the last poll; all that it counts happened since.
 * - `recreated`: it was reset or thrown out and came back, as the server says; all that it counts happened since then.
 * - `reset_inferred`: a counter fell and the server does not say since when it counts; taken like `recreated`.
 */
export const deltaKinds = ["normal", "new", "recreated", "reset_inferred"] as const;
export type DeltaKind = (typeof deltaKinds)[number];

/** What became of the entries of one poll, in entries. */
export interface DeltaLedger {
  readonly normal: number;
  readonly new: number;
  readonly recreated: number;
  readonly reset_inferred: number;
  /** Nothing says which part of the counters belongs to this interval: only remembered. */
  readonly unattributable: number;
  /** Known entries that are gone; only a complete reading tells. */
  readonly vanished: number;
}

/** The state of a server's statistics at a poll. */
export interface StatementEpoch {
  /** The database's clock before the counters were read. */
  readonly clockMicros: bigint;
  /** When all statistics were reset last; `undefined` where the server does not say (PostgreSQL 13). */
  readonly statsResetMicros: bigint | undefined;
  readonly startedMicros: bigint;
  /** How many times the server had to throw out entries; `undefined` as above. */
  readonly deallocations: bigint | undefined;
}

/** What two readings have to do with each other. */
export type Continuity =
  /** The same statistics, read on. */
  | "continued"
  /** All statistics were reset in between: everything that is there now was counted since. */
  | "reset"
  /** Another server answers, or one whose past is unknown: nothing can be compared. */
  | "unknown";

/**
 * Statistics survive a clean restart of the server (pg_stat_statements.save), and the time of their last reset does
 * with them; after a crash they begin anew and so does that time. A reset that is older than the last poll and was
 * not known there means that another server answers, a standby after a failover. PostgreSQL 13 has no such time, so a
 * restart there is a new beginning.
 */
export function continuity(before: StatementEpoch, now: StatementEpoch): Continuity {
  if (now.statsResetMicros === before.statsResetMicros) {
    const told = now.statsResetMicros !== undefined;
    return told || now.startedMicros === before.startedMicros ? "continued" : "unknown";
  }
  if (now.statsResetMicros === undefined || before.statsResetMicros === undefined) return "unknown";
  return now.statsResetMicros > before.clockMicros ? "reset" : "unknown";
}

/** Differences of the entries that changed: one per line, `values` holding one number for each counter of the shape. */
export interface StatementDeltas {
  readonly count: number;
  /** Row numbers in the table that was read. */
  readonly rows: Int32Array;
  /** Indexes into {@link deltaKinds}. */
  readonly kinds: Uint8Array;
  readonly values: Float64Array;
  /** For each row of the table that was read, its row in the remembered table, or -1. */
  readonly matches: Int32Array;
  readonly ledger: DeltaLedger;
}

export interface DeltaArgs {
  /** What was read now. */
  readonly current: StatementTable;
  /** What is remembered; `undefined` at the first poll, which only remembers. */
  readonly previous: StatementTable | undefined;
  readonly continuity: Continuity;
  /** Whether the last reading showed every entry of the server, so that an unknown one must be new. */
  readonly previousComplete: boolean;
  /** Whether this reading is of all entries and not only of the changed ones. */
  readonly full: boolean;
  /** Remembered rows that were counted as vanished before. */
  readonly missing?: { readonly size: number; has(row: number): boolean };
}

const none = new Set<number>();

/**
 * Turns counters into what happened since the last poll.
 *
 * An entry is compared as a whole, never column by column: either all its columns continue or all begin anew. Where
 * an entry was thrown out and came back with larger counters and the server does not say so (before PostgreSQL 17),
 * the difference is too small; it is never too large.
 */
export function statementDeltas(args: DeltaArgs): StatementDeltas {
  const { current, previous, continuity, previousComplete, full, missing = none } = args;
  const width = current.shape.counters.length;
  const rows = new Int32Array(current.count);
  const kinds = new Uint8Array(current.count);
  const matches = new Int32Array(current.count).fill(-1);
  const ledger = { normal: 0, new: 0, recreated: 0, reset_inferred: 0, unattributable: 0, vanished: 0 };
  let values = new Float64Array(Math.min(current.count, 4096) * width);
  let count = 0;
  let matched = 0;
  let known = -1;

  for (let row = 0; row < current.count; row++) {
    if ((count + 1) * width > values.length) values = grown(values, width);
    const at = count * width;
    const kind = difference(row, at);
    if (kind === "unattributable") ledger.unattributable++;
    else if (kind !== undefined) {
      ledger[kind]++;
      rows[count] = row;
      kinds[count] = deltaKinds.indexOf(kind);
      count++;
    }
  }
  if (full && previous !== undefined && continuity === "continued") {
    ledger.vanished = previous.count - missing.size - matched;
  }
  return { count, rows, kinds, values, matches, ledger };

  /** Writes the difference of one row; `undefined` when nothing happened. */
  function difference(row: number, at: number): DeltaKind | "unattributable" | undefined {
    if (previous === undefined || continuity === "unknown") return "unattributable";
    if (continuity === "reset") return whole(row, at, "recreated");
    const found = previous.find(current, row, known + 1);
    matches[row] = found;
    if (found < 0) return previousComplete ? whole(row, at, "new") : "unattributable";
    known = found;
    if (!missing.has(found)) matched++;
    if (current.sinceDiffers(row, previous, found)) return whole(row, at, "recreated");
    let moved = false;
    for (let counter = 0; counter < width; counter++) {
      const growth = current.growth(row, counter, previous, found);
      if (growth < 0) return whole(row, at, "reset_inferred");
      if (!(growth <= Number.MAX_SAFE_INTEGER)) return "unattributable";
      if (growth > 0) moved = true;
      values[at + counter] = growth;
    }
    return moved ? "normal" : undefined;
  }

  /** All that the entry counts belongs to this interval. */
  function whole(row: number, at: number, kind: DeltaKind): DeltaKind | "unattributable" {
    for (let counter = 0; counter < width; counter++) {
      const value = current.value(row, counter);
      if (!(value <= Number.MAX_SAFE_INTEGER)) return "unattributable";
      values[at + counter] = value;
    }
    return kind;
  }
}

function grown(values: Float64Array, width: number): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(Math.max(2 * values.length, width));
  larger.set(values);
  return larger;
}
