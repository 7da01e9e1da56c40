import { continuity, type StatementDeltas, type StatementEpoch, statementDeltas } from "./statement-deltas.ts";
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

  /** Moves on to a reading; `deltas` are those that `compare` made of it. */
  commit(reading: StatementReading, deltas: StatementDeltas): void {
    const { epoch, databases } = reading;
    const complete = reading.table.hidden + reading.table.omitted === 0;
    const last = this.#last;
    if (reading.full || last === undefined) {
      const { table } = reading;
      this.#last = { table, fingerprints: new Fingerprints(table), epoch, complete, databases, partialReadings: 0 };
      return;
    }
    // Only what changed was read: it is written into what is known.
    for (let row = 0; row < reading.table.count; row++) {
      last.fingerprints.update(last.table.assign(deltas.matches[row] ?? -1, reading.table, row));
    }
    this.#last = { ...last, epoch, complete, databases, partialReadings: last.partialReadings + 1 };
  }
}
