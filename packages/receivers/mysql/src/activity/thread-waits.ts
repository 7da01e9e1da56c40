import { integer, type Row, text } from "@dbintel/watching";
import { picosecondsBetween } from "./timer.ts";

/** A wait of a thread, by the timer of waits. */
export interface WaitEvent {
  readonly threadId: bigint;
  readonly eventId: bigint;
  readonly ended: boolean;
  readonly name: string;
  /** Absent where the instrument is not timed. */
  readonly startTimer: bigint | undefined;
  /** Now where it has not ended. */
  readonly endTimer: bigint | undefined;
  /** The wait that it is a part of. */
  readonly within: bigint | undefined;
  /** `schema.table`. */
  readonly relation: string | undefined;
  readonly index: string | undefined;
}

/** The waits of some threads: those under way, the last one that ended, and what the ring of the history still has. */
export function waitsSql(threads: Iterable<bigint>, tables: readonly string[]): string {
  const ids = [...threads].join(", ");
  const waits = tables
    .map(
      (table) => `SELECT THREAD_ID AS thread, EVENT_ID AS event, END_EVENT_ID AS end_event, EVENT_NAME AS name,
        TIMER_START AS timer_start, TIMER_END AS timer_end, OBJECT_TYPE AS object_type, OBJECT_SCHEMA AS object_schema,
        OBJECT_NAME AS object_name, INDEX_NAME AS index_name,
        CASE WHEN NESTING_EVENT_TYPE = 'WAIT' THEN NESTING_EVENT_ID END AS within
        FROM performance_schema.${table} WHERE THREAD_ID IN (${ids})`,
    )
    .join(" UNION ALL ");
  return `SELECT w.* FROM (${waits}) w`;
}

export function waitOf(row: Row): WaitEvent {
  const [schema, object] = [text(row, "object_schema"), text(row, "object_name")];
  const isTable = text(row, "object_type")?.endsWith("TABLE") ?? false;
  return {
    threadId: integer(row, "thread") ?? 0n,
    eventId: integer(row, "event") ?? 0n,
    ended: integer(row, "end_event") !== undefined,
    name: text(row, "name") ?? "",
    startTimer: integer(row, "timer_start"),
    endTimer: integer(row, "timer_end"),
    within: integer(row, "within"),
    // Files and sockets are objects too, and none of anybody's business.
    relation: isTable && schema !== undefined && object !== undefined ? `${schema}.${object}` : undefined,
    index: isTable ? text(row, "index_name") : undefined,
  };
}

/** What a thread waits for now: the innermost wait that has not ended. */
export function currentWait(waits: readonly WaitEvent[]): WaitEvent | undefined {
  const open = waits.filter(({ ended }) => !ended);
  if (open.some(({ name }) => name === "idle")) return undefined;
  return open.reduce<WaitEvent | undefined>(
    (inner, wait) => (inner && inner.eventId > wait.eventId ? inner : wait),
    undefined,
  );
}

/** An interval by the timer of waits, and how long it really was. */
export interface WaitInterval {
  readonly startTimer: bigint;
  readonly endTimer: bigint;
  readonly seconds: number;
}

/**
 * How long one thread waited for what in an interval, in seconds, as far as the server remembers its waits. Each moment
 * counts for the innermost wait alone, and the interval's own length by the clock is what its timer's length stands for:
 * so the sum is never more than the time that has passed, however waits lie within each other and timers drift.
 */
export function waitSeconds(waits: readonly WaitEvent[], interval: WaitInterval): ReadonlyMap<string, number> {
  const length = picosecondsBetween(interval.startTimer, interval.endTimer);
  if (length === 0n) return new Map();
  const lasted = new Map<bigint, bigint>();
  const known = new Map(waits.map((wait) => [wait.eventId, wait]));
  for (const wait of known.values()) lasted.set(wait.eventId, within(wait, interval, length));
  const totals = new Map<string, bigint>();
  for (const { eventId, name, within: outer } of known.values()) {
    const own = lasted.get(eventId) ?? 0n;
    totals.set(name, (totals.get(name) ?? 0n) + own);
    const outerName = outer === undefined ? undefined : known.get(outer)?.name;
    if (outerName !== undefined) totals.set(outerName, (totals.get(outerName) ?? 0n) - own);
  }
  totals.delete("idle");
  return new Map(
    [...totals]
      .filter(([, picoseconds]) => picoseconds > 0n)
      .map(([name, picoseconds]) => [name, (interval.seconds * Number(picoseconds)) / Number(length)]),
  );
}

/** How much of a wait lies in the interval. */
function within({ startTimer, endTimer }: WaitEvent, interval: WaitInterval, length: bigint): bigint {
  if (startTimer === undefined || endTimer === undefined) return 0n;
  // Backwards from the end of the interval, where no moment is far away.
  const untilEnd = picosecondsBetween(endTimer, interval.endTimer);
  const sinceStart = picosecondsBetween(startTimer, interval.endTimer);
  const began = sinceStart < length ? sinceStart : length;
  return began > untilEnd ? began - untilEnd : 0n;
}
