import { continuity, type StatementDeltas, type StatementEpoch, statementDeltas } from "./statement-deltas.ts";
import type { DatabaseState, StatementReading } from "./statement-source.ts";
import type { StatementTable } from "./statement-table.ts";

/** The last reading that was committed. */
export interface RememberedReading {
  readonly table: StatementTable;
  readonly epoch: StatementEpoch;
  /** Whether every entry of the server was visible. */
  readonly complete: boolean;
  readonly databases: ReadonlyMap<number, DatabaseState>;
}

/**
 * What is remembered between polls. Comparing changes nothing, so that a poll whose telemetry never left can be
 * repeated; `commit` moves on.
 */
export class StatementMemory {
  #last: RememberedReading | undefined;

  get last(): RememberedReading | undefined {
    return this.#last;
  }

  compare(reading: StatementReading): StatementDeltas {
    const last = this.#last;
    return statementDeltas({
      current: reading.table,
      previous: last?.table,
      continuity: last === undefined ? "unknown" : continuity(last.epoch, reading.epoch),
      previousComplete: last?.complete ?? false,
      full: reading.full,
    });
  }

  commit(reading: StatementReading): void {
    const last = this.#last;
    const table = reading.full || last === undefined ? reading.table : merged(last.table, reading.table);
    const complete = reading.table.hidden === 0;
    this.#last = { table, epoch: reading.epoch, complete, databases: reading.databases };
  }
}

/** Writes what changed into what is known. */
function merged(known: StatementTable, changed: StatementTable): StatementTable {
  let found = -1;
  for (let row = 0; row < changed.count; row++) {
    const at = known.find(changed, row, found + 1);
    known.assign(at, changed, row);
    if (at >= 0) found = at;
  }
  return known;
}
