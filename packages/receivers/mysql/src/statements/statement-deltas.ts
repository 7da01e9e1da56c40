import type { DigestTable } from "./digest-table.ts";
import { Integers, IntegerTotals } from "./integers.ts";
import type { Continuity } from "./statement-epoch.ts";

/**
 * How the difference of a row came about.
 * - `normal`: its counters grew.
 * - `new`: it was not there at the last poll; all that it counts happened since.
 * - `recreated`: the table was emptied or the server restarted; all that it counts happened since then.
 * - `reset_inferred`: a counter fell, and the row was first seen so shortly before the last poll that it may be another;
 *   taken like `recreated`.
 */
export const deltaKinds = ["normal", "new", "recreated", "reset_inferred"] as const;
export type DeltaKind = (typeof deltaKinds)[number];

/** What became of the rows of one poll, in rows. */
export type DeltaLedger = Readonly<Record<DeltaKind | "unattributable" | "vanished", number>>;

/** What happened to one row since the last poll. */
export interface StatementDelta {
  /** In the table that was read. */
  readonly row: number;
  readonly kind: DeltaKind;
}

/** A difference for each counter of a row; of a maximum, what it is. */
export interface CountedDelta extends StatementDelta {
  readonly values: readonly bigint[];
}

export interface StatementDeltas {
  readonly changed: readonly StatementDelta[];
  /** For each row of the table that was read, in its order. What did not change has no meaning. */
  readonly values: Integers;
  readonly ledger: DeltaLedger;
}

export interface DeltaArgs {
  /** What was read now. */
  readonly current: DigestTable;
  /** What is remembered; `undefined` at the first poll, which only remembers. */
  readonly previous: DigestTable | undefined;
  readonly continuity: Continuity;
  /** The server's clock at the last poll. */
  readonly previousMicros: bigint;
  /** Whether rows that did not change were left out. Default: all rows were read. */
  readonly changedOnly?: boolean;
}

/** An unsigned counter of 64 bits begins again after 213 days of execution time in picoseconds: by its 32 upper bits. */
const upperHalf = 2 ** 31;
/** MariaDB knows the second in which a row was first seen. */
const firstSeenPrecisionMicros = 1_000_000;

/**
 * Turns counters into what happened since the last poll.
 *
 * A row is compared as a whole, never column by column: either all its counters continue or all begin anew. The server
 * throws no single row out; when rows are gone or were first seen at another moment, somebody has emptied the table.
 * Sessions add to a counter without a lock, so one may fall a little in a row that continues: the increments of others
 * were lost after they had been told. That is growth of 0, from the smaller value on.
 */
export function statementDeltas(args: DeltaArgs): StatementDeltas {
  const { current, previous, continuity, previousMicros, changedOnly = false } = args;
  const ledger = { normal: 0, new: 0, recreated: 0, reset_inferred: 0, unattributable: 0, vanished: 0 };
  const changed: StatementDelta[] = [];
  const width = current.counters.length;
  const values = Integers.zeros(width * current.count);
  const compared = continuity === "continued" ? previous : undefined;
  const matches = Int32Array.from({ length: current.count }, (_, row) => compared?.find(current.key(row)) ?? -1);
  if (compared !== undefined && !current.truncated && !changedOnly) {
    ledger.vanished = compared.count - matches.filter((found) => found >= 0).length;
  }
  const emptied =
    ledger.vanished > 0 ||
    matches.some((found, row) => found >= 0 && compared?.firstSeenMicros(found) !== current.firstSeenMicros(row));

  for (let row = 0; row < current.count; row++) {
    const delta = difference(row);
    if (delta === undefined) continue;
    if (delta === "unattributable") ledger.unattributable++;
    else {
      ledger[delta.kind]++;
      changed.push(delta);
    }
  }
  return { changed, values, ledger };

  function difference(row: number): StatementDelta | "unattributable" | undefined {
    if (previous === undefined || continuity === "unknown") return "unattributable";
    if (continuity === "restarted") return whole(row, "recreated");
    const found = matches[row] ?? -1;
    const firstSeen = current.firstSeenMicros(row);
    if (found < 0) {
      const isNew = !previous.truncated || firstSeen > previousMicros;
      return isNew ? whole(row, emptied ? "recreated" : "new") : "unattributable";
    }
    if (firstSeen !== previous.firstSeenMicros(found)) return whole(row, "recreated");
    // A row of the second in which the last poll was may have come back in that very second.
    const mayBeAnother = firstSeen + firstSeenPrecisionMicros > previousMicros;
    if (emptied && mayBeAnother) return whole(row, "recreated");
    return grown(row, { before: previous, found, mayBeAnother });
  }

  function grown(
    row: number,
    was: { readonly before: DigestTable; readonly found: number; readonly mayBeAnother: boolean },
  ): StatementDelta | undefined {
    const { before, found, mayBeAnother } = was;
    const now = current.values;
    const then = before.values;
    let moved = false;
    for (let counter = 0; counter < width; counter++) {
      const at = row * width + counter;
      const thenAt = found * width + counter;
      const type = current.counters[counter]?.type;
      const order = now.compare(at, then, thenAt);
      if (type === "maximum") values.copy(at, now, at);
      else if (order !== 0) {
        const passedTheEnd = type === "picoseconds" && then.high(thenAt) >= upperHalf && now.high(at) < upperHalf;
        const fell = order < 0 && !passedTheEnd;
        if (fell && mayBeAnother) return whole(row, "reset_inferred");
        if (fell) continue;
        values.setDifference(at, now, at, then, thenAt);
        moved = true;
      }
    }
    return moved ? { row, kind: "normal" } : undefined;
  }

  /** All that the row counts belongs to this interval. */
  function whole(row: number, kind: DeltaKind): StatementDelta {
    values.copy(row * width, current.values, row * width, width);
    return { row, kind };
  }
}

/** A difference with what it counts. */
export function counted(delta: StatementDelta, { values }: StatementDeltas, table: DigestTable): CountedDelta {
  const width = table.counters.length;
  return { ...delta, values: [...values.between(delta.row * width, (delta.row + 1) * width)] };
}

/** What one counter counted in some rows together. */
export function totalOf(
  counter: number,
  { changed, values }: Pick<StatementDeltas, "changed" | "values">,
  table: DigestTable,
): bigint {
  const total = new IntegerTotals(1);
  for (const { row } of changed) total.add(0, values, row * table.counters.length + counter);
  return total.at(0);
}

/** When the counting of a difference began: what was counted anew, at the start of the interval at the earliest. */
export function startOf(
  { row, kind }: StatementDelta,
  { table, startMicros }: { readonly table: DigestTable; readonly startMicros: bigint },
): bigint {
  const firstSeen = BigInt(table.firstSeenMicros(row));
  return kind === "recreated" && firstSeen > startMicros ? firstSeen : startMicros;
}
