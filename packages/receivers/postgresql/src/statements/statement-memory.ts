import { sameShape } from "./statement-columns.ts";
import {
  type Continuity,
  continuity,
  type StatementDeltas,
  type StatementEpoch,
  statementDeltas,
} from "./statement-deltas.ts";
import { Fingerprints } from "./statement-filter.ts";
import type { DatabaseState, StatementReading } from "./statement-source.ts";
import type { StatementTable } from "./statement-table.ts";

/** The last reading that was committed. */
export interface RememberedReading {
  readonly table: StatementTable;
  readonly fingerprints: Fingerprints;
  readonly epoch: StatementEpoch;
  /** Whether every entry of the server was visible. */
  readonly complete: boolean;
  readonly databases: ReadonlyMap<number, DatabaseState>;
  /** Readings of changes only since the last complete one. */
  readonly partialReadings: number;
  /** By its row in `table`: an entry that was not in the last reading of all, though it may only have been hidden. */
  readonly missing: ReadonlyMap<number, MissingEntry>;
}

export interface MissingEntry {
  /** The database's clock when it was seen last. */
  readonly seenMicros: bigint;
  /** Readings of all entries without it. */
  readonly readings: number;
}

/**
 * Entries that a reading did not show are remembered for so many more readings of all, where the reading could not show
 * everything: a grant that was taken away may come back.
 */
const keptReadings = 5;

/**
 * What is remembered between polls. Comparing changes nothing, so that a poll whose telemetry never left can be
 * repeated; `commit` moves on.
 */
export class StatementMemory {
  #last: RememberedReading | undefined;

  get last(): RememberedReading | undefined {
    return this.#last;
  }

  /** Takes over what was remembered elsewhere; `undefined` makes the next reading the first. */
  restore(remembered: RememberedReading | undefined): void {
    this.#last = remembered;
  }

  /** The database's clock when a row of what is remembered was seen; `undefined` when nothing is. */
  seenMicros(row: number): bigint | undefined {
    return this.#last?.missing.get(row)?.seenMicros ?? this.#last?.epoch.clockMicros;
  }

  compare(reading: StatementReading): StatementDeltas {
    const last = this.#last;
    return statementDeltas({
      current: reading.table,
      previous: last?.table,
      continuity: last === undefined ? "unknown" : continuityOf(last, reading),
      previousComplete: last?.complete ?? false,
      full: reading.full,
      ...(last === undefined ? {} : { missing: last.missing }),
    });
  }

  /** Moves on to a reading; `deltas` are those that `compare` made of it. */
  commit(reading: StatementReading, deltas: StatementDeltas): void {
    const { epoch, databases, table } = reading;
    const complete = table.hidden + table.omitted === 0;
    const last = this.#last;
    if (last === undefined || reading.full) {
      const continued = last !== undefined && continuityOf(last, reading) === "continued";
      const missing = continued && !complete ? keepMissing(table, deltas, last) : new Map<number, MissingEntry>();
      const fingerprints = new Fingerprints(table);
      this.#last = { table, fingerprints, epoch, complete, databases, partialReadings: 0, missing };
      return;
    }
    // Only what changed was read: it is written into what is known.
    const missing = new Map(last.missing);
    last.fingerprints.begin();
    for (let row = 0; row < table.count; row++) {
      const known = deltas.matches[row] ?? -1;
      last.fingerprints.update(last.table.assign(known, table, row));
      missing.delete(known);
    }
    this.#last = { ...last, epoch, complete, databases, partialReadings: last.partialReadings + 1, missing };
  }
}

/** An update of the extension changes what its rows hold: nothing can be compared then. */
function continuityOf(last: RememberedReading, reading: StatementReading): Continuity {
  return sameShape(last.table.shape, reading.table.shape) ? continuity(last.epoch, reading.epoch) : "unknown";
}

/** Appends to a reading the entries that it does not show and that are still worth remembering. */
function keepMissing(
  table: StatementTable,
  deltas: StatementDeltas,
  last: RememberedReading,
): ReadonlyMap<number, MissingEntry> {
  const shown = new Set(deltas.matches);
  const missing = new Map<number, MissingEntry>();
  for (let row = 0; row < last.table.count && table.hasRoom; row++) {
    if (shown.has(row)) continue;
    const { seenMicros = last.epoch.clockMicros, readings = 0 } = last.missing.get(row) ?? {};
    if (readings >= keptReadings) continue;
    missing.set(table.assign(-1, last.table, row), { seenMicros, readings: readings + 1 });
  }
  return missing;
}
