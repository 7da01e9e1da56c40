import type { Clock } from "@dbintel/pipeline";

/** The collector's clocks at a moment. */
export interface OwnTime {
  /** Milliseconds on the one that nobody sets. */
  readonly monotonicMs: number;
  /** The one that can be set, microseconds since 1970; `undefined` for a moment of an earlier process. */
  readonly unixMicros: bigint | undefined;
}

/** When a reading was made: by the server's clock, and by the collector's where they are known. */
export interface ReadingTime {
  readonly clockMicros: bigint;
  readonly own: OwnTime | undefined;
}

/** An answer may come so late, and clocks drift: what differs by less was set by nobody. */
const toleranceMicros = 10_000_000;

export function ownTime(clock: Pick<Clock, "monotonicMs" | "unixNano">): OwnTime {
  return { monotonicMs: clock.monotonicMs(), unixMicros: clock.unixNano() / 1000n };
}

/**
 * The beginning of the interval between two readings, by the server's clock at its end; never after it.
 *
 * It is what the server's clock showed at the first one, unless somebody has set that clock since: then it is as long ago as
 * it is by the collector's. The collector's steady clock stands still while its machine sleeps, and its other one does not;
 * so that it tells the time only while both agree. While both the server's and the collector's clock were set by as much, it
 * cannot be known, and the server's counts.
 */
export function intervalStart(before: ReadingTime, now: ReadingTime): bigint {
  const passed = Number(now.clockMicros - before.clockMicros);
  const own = before.own && now.own && (now.own.monotonicMs - before.own.monotonicMs) * 1000;
  if (own === undefined) return passed < 0 ? now.clockMicros : before.clockMicros;
  const wasSet = Math.abs(passed - own) > toleranceMicros && isSteady(before.own, now.own, own);
  return passed < 0 || wasSet ? now.clockMicros - BigInt(Math.max(0, Math.round(own))) : before.clockMicros;
}

/** Whether the collector's clocks agree on how long it was. */
function isSteady(before: OwnTime | undefined, now: OwnTime | undefined, ownMicros: number): boolean {
  if (before?.unixMicros === undefined || now?.unixMicros === undefined) return false;
  return Math.abs(Number(now.unixMicros - before.unixMicros) - ownMicros) <= toleranceMicros;
}
