import type { DigestTable } from "./digest-table.ts";
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
  /** One difference for each counter of the table; of a maximum, what it is. */
  readonly values: readonly bigint[];
}

export interface StatementDeltas {
  readonly changed: readonly StatementDelta[];
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

/** Where an unsigned counter of 64 bits begins again: 213 days of execution time in picoseconds. */
const bits = 64;
const upperHalf = 2n ** 63n;
/** MariaDB knows the second in which a row was first seen. */
const firstSeenPrecisionMicros = 1_000_000n;

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
  const compared = continuity === "continued" ? previous : undefined;
  const matches = Array.from({ length: current.count }, (_, row) => compared?.find(current.key(row)) ?? -1);
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
  return { changed, ledger };

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
    const values: bigint[] = [];
    const last = { table: before, row: found };
    let moved = false;
    for (const [counter, { type }] of current.counters.entries()) {
      if (type === "maximum") {
        values.push(current.value(row, counter));
        continue;
      }
      if (current.hasValueOf(row, counter, last)) {
        values.push(0n);
        continue;
      }
      const [now, then] = [current.value(row, counter), before.value(found, counter)];
      const passedTheEnd = type === "picoseconds" && then >= upperHalf && now < upperHalf;
      const fell = now < then && !passedTheEnd;
      if (fell && mayBeAnother) return whole(row, "reset_inferred");
      moved ||= !fell;
      values.push(fell ? 0n : BigInt.asUintN(bits, now - then));
    }
    return moved ? { row, kind: "normal", values } : undefined;
  }

  /** All that the row counts belongs to this interval. */
  function whole(row: number, kind: DeltaKind): StatementDelta {
    return { row, kind, values: current.counters.map((_, counter) => current.value(row, counter)) };
  }
}

/** When the counting of a difference began: what was counted anew, at the start of the interval at the earliest. */
export function startOf(
  { row, kind }: StatementDelta,
  { table, startMicros }: { readonly table: DigestTable; readonly startMicros: bigint },
): bigint {
  const firstSeen = table.firstSeenMicros(row);
  return kind === "recreated" && firstSeen > startMicros ? firstSeen : startMicros;
}
