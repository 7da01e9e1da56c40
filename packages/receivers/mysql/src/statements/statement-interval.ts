import type { DigestTable } from "./digest-table.ts";
import type { StatementDeltas } from "./statement-deltas.ts";
import type { Continuity } from "./statement-epoch.ts";
import type { StatementReading } from "./statement-source.ts";

/** What one poll read of the summary, and how it goes on from the poll before. */
export interface StatementInterval {
  readonly reading: StatementReading;
  /** Where only rows that may have changed were read: the table that has the others. */
  readonly unread: DigestTable | undefined;
  readonly deltas: StatementDeltas;
  readonly continuity: Continuity;
  /** Counts up whenever statistics do not go on: what was read in another life cannot be compared with. */
  readonly life: number;
  /** What the server's clock showed at the poll before. */
  readonly previousMicros: bigint;
  /** That moment by the clock as it is now, which may have been set since: when the interval began. */
  readonly startMicros: bigint;
}

/** The moment of an earlier reading by the server's clock as it is now, as far as that can be known; never after now. */
export function beginningAt(interval: StatementInterval, micros: bigint): bigint {
  const { reading, previousMicros, startMicros } = interval;
  const moment = micros + startMicros - previousMicros;
  return moment < reading.epoch.clockMicros ? moment : reading.epoch.clockMicros;
}
