import type { Host } from "@dbintel/pipeline";
import { intervalStart } from "@dbintel/watching";
import { changedSince, isPlausible } from "./changed-rows.ts";
import { StatementCheckpoint } from "./checkpoint.ts";
import type { DigestTable } from "./digest-table.ts";
import { statementDeltas } from "./statement-deltas.ts";
import { continuity } from "./statement-epoch.ts";
import type { StatementInterval } from "./statement-interval.ts";
import type { StatementReading, StatementSource } from "./statement-source.ts";

/** Reads the summary at each poll: rows that may have changed where that can be known, all of them otherwise. */
export class IntervalReader {
  /** The last reading that was committed, kept over a restart. */
  readonly checkpoint: StatementCheckpoint;
  readonly #source: Pick<StatementSource, "moment" | "read">;

  constructor(args: {
    readonly host: Host;
    readonly source: Pick<StatementSource, "moment" | "read">;
    readonly maxAgeMs: number;
  }) {
    this.checkpoint = new StatementCheckpoint(args);
    this.#source = args.source;
  }

  /** What happened since the last reading that was committed. */
  async next(signal: AbortSignal): Promise<StatementInterval> {
    const moment = await this.#source.moment(signal);
    this.checkpoint.verify(moment);
    const { last } = this.checkpoint;
    const sinceMicros = changedSince(last, moment.epoch);
    if (sinceMicros !== undefined) {
      const interval = this.#compared(await this.#source.read(moment, signal, sinceMicros), last?.table);
      // It may have been forgotten in the meantime.
      if (this.checkpoint.last === last && isPlausible(interval)) return interval;
    }
    return this.#compared(await this.#source.read(moment, signal));
  }

  commit(interval: StatementInterval): void {
    this.checkpoint.remember(interval);
  }

  #compared(reading: StatementReading, unread?: DigestTable): StatementInterval {
    const { last } = this.checkpoint;
    const previousMicros = last?.epoch.clockMicros ?? reading.epoch.clockMicros;
    const continued = last === undefined ? "unknown" : continuity(last.epoch, reading.epoch);
    const deltas = statementDeltas({
      ...{ current: reading.table, previous: last?.table, continuity: continued, previousMicros },
      changedOnly: unread !== undefined,
    });
    const life = this.checkpoint.life + (continued === "continued" ? 0 : 1);
    const startMicros = last === undefined ? previousMicros : intervalStart(last.epoch, reading.epoch);
    return { reading, unread, deltas, continuity: continued, life, previousMicros, startMicros };
  }
}
