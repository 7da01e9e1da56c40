import { integer, text } from "@dbintel/watching";
import { namedValues } from "../connection/capabilities.ts";
import type { DatabaseConnection } from "../connection/connection.ts";
import { TimerClock } from "./timer.ts";

/** A server at one moment. */
export interface ServerMoment {
  /** The server's clock, microseconds since 1970. */
  readonly micros: bigint;
  /** The same moment by the timer of statements; absent where the collector's own statements are not measured. */
  readonly clock: TimerClock | undefined;
  readonly uptimeSeconds: bigint;
  /** Sessions that wait for a lock of InnoDB. */
  readonly rowLockWaits: bigint;
  /** The consumers that are on. */
  readonly consumers: ReadonlySet<string>;
  /** Which session of the receiver asked. */
  readonly session: number | undefined;
}

/** The statement that asks is itself under way, so its end by the timer is now. */
const clockSql = `
  SELECT CAST(UNIX_TIMESTAMP(SYSDATE(6)) * 1000000 AS UNSIGNED) AS clock,
         (SELECT s.TIMER_END FROM performance_schema.threads t
            JOIN performance_schema.events_statements_current s ON s.THREAD_ID = t.THREAD_ID
           WHERE t.PROCESSLIST_ID = CONNECTION_ID() AND s.NESTING_EVENT_LEVEL = 0) AS timer`;

const statusNames = ["Uptime", "Innodb_row_lock_current_waits"];

export async function serverMoment(connection: DatabaseConnection, signal: AbortSignal): Promise<ServerMoment> {
  const consumers = await connection.query(
    "SELECT NAME AS name FROM performance_schema.setup_consumers WHERE ENABLED = 'YES'",
    [],
    signal,
  );
  const status = namedValues(
    await connection.query("SHOW GLOBAL STATUS WHERE Variable_name IN (?)", [statusNames], signal),
  );
  const [row = {}] = await connection.query(clockSql, [], signal);
  const micros = integer(row, "clock") ?? 0n;
  const timer = integer(row, "timer");
  return {
    micros,
    clock: timer === undefined ? undefined : new TimerClock({ micros, timer }),
    uptimeSeconds: BigInt(status.get("uptime") ?? 0),
    rowLockWaits: BigInt(status.get("innodb_row_lock_current_waits") ?? 0),
    consumers: new Set(consumers.map((each) => text(each, "name") ?? "")),
    session: connection.session,
  };
}

/** What a later moment is compared with. */
export interface PastMoment extends Pick<ServerMoment, "micros" | "uptimeSeconds"> {
  /** By the timer of statements. */
  readonly timer?: bigint | undefined;
  readonly session?: number | undefined;
}

/** The uptime is in whole seconds, and the clock may be set by few. */
const toleranceSeconds = 5n;

/** One life of a server, which its numbers of sessions, threads and events are true for. */
export interface ServerLife {
  readonly startSeconds: bigint;
}

/**
 * The life of the server at a moment: the one before, unless it was restarted. No session outlives a restart, and both
 * uptime and timer begin anew with it.
 */
export function lifeAt(
  now: ServerMoment,
  last: { readonly moment: PastMoment; readonly life: ServerLife } | undefined,
): ServerLife {
  if (last !== undefined && !restarted(last.moment, now)) return last.life;
  return { startSeconds: now.micros / 1_000_000n - now.uptimeSeconds };
}

function restarted(before: PastMoment, now: ServerMoment): boolean {
  if (before.session === now.session) return false;
  const timerFell = before.timer !== undefined && now.clock !== undefined && now.clock.timer < before.timer;
  const grownSeconds = now.uptimeSeconds - before.uptimeSeconds;
  const elapsedSeconds = (now.micros - before.micros) / 1_000_000n;
  return grownSeconds < 0n || timerFell || elapsedSeconds - grownSeconds > toleranceSeconds;
}
