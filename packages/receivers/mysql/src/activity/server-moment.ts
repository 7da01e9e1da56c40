import { integer, number, text } from "@dbintel/watching";
import type { DatabaseConnection, Product } from "../connection/connection.ts";
import { statusColumnsSql } from "../connection/global-status.ts";
import { uptimeOf } from "../connection/server-start.ts";
import { TimerClock } from "./timer.ts";

/** A server at one moment. */
export interface ServerMoment {
  /** The server's clock, microseconds since 1970. */
  readonly micros: bigint;
  /** The same moment by the timer of statements; absent where the collector's own statements are not measured. */
  readonly clock: TimerClock | undefined;
  /** When the server was started, by its clock. */
  readonly startSeconds: bigint;
  /** Sessions that wait for a lock of InnoDB. */
  readonly rowLockWaits: bigint;
  /** Those of the wanted consumers that are on. */
  readonly consumers: ReadonlySet<Consumer>;
  /** Which session of the receiver asked. */
  readonly session: number | undefined;
}

/** The consumers that anything here depends on. */
const wantedConsumers = ["events_statements_history", "events_waits_current", "events_waits_history"] as const;
type Consumer = (typeof wantedConsumers)[number];

/** The statement that asks is itself under way, so its end by the timer is now. */
function momentSql(product: Product): string {
  const consumers = wantedConsumers.map(
    (name) => `
         EXISTS (SELECT * FROM performance_schema.setup_consumers WHERE NAME = '${name}' AND ENABLED = 'YES') AS ${name}`,
  );
  return `
  SELECT CAST(UNIX_TIMESTAMP(SYSDATE(6)) * 1000000 AS UNSIGNED) AS clock,
         (SELECT s.TIMER_END FROM performance_schema.threads t
            JOIN performance_schema.events_statements_current s ON s.THREAD_ID = t.THREAD_ID
           WHERE t.PROCESSLIST_ID = CONNECTION_ID() AND s.NESTING_EVENT_LEVEL = 0) AS timer,
         g.*,${consumers.join(",")}
    FROM (${statusColumnsSql(product, ["Uptime", "Innodb_row_lock_current_waits"])}) g`;
}

export async function serverMoment(connection: DatabaseConnection, signal: AbortSignal): Promise<ServerMoment> {
  const [row = {}] = await connection.query(momentSql(connection.product), [], signal);
  const micros = integer(row, "clock") ?? 0n;
  const timer = integer(row, "timer");
  const uptimeSeconds = uptimeOf(text(row, "uptime"));
  return {
    micros,
    clock: timer === undefined ? undefined : new TimerClock({ micros, timer }),
    startSeconds: micros / 1_000_000n - uptimeSeconds,
    rowLockWaits: BigInt(text(row, "innodb_row_lock_current_waits") ?? 0),
    consumers: new Set(wantedConsumers.filter((name) => number(row, name) === 1)),
    session: connection.session,
  };
}

/** One life of a server, which its numbers of sessions, threads and events are true for. */
export interface ServerLife {
  readonly startSeconds: bigint;
}

/** The uptime is in whole seconds. */
const toleranceSeconds = 5n;

/**
 * The life of the server at a moment: the one before, unless it was restarted. No session outlives a restart, and it is at
 * another moment that the server was started then, by its clock and its uptime: the same one however often the clock was set.
 */
export function lifeAt(
  { session, startSeconds }: ServerMoment,
  last: { readonly moment: { readonly session?: number | undefined }; readonly life: ServerLife } | undefined,
): ServerLife {
  if (last === undefined) return { startSeconds };
  const moved = startSeconds - last.life.startSeconds;
  const isSame = last.moment.session === session || (moved <= toleranceSeconds && -moved <= toleranceSeconds);
  return isSame ? last.life : { startSeconds };
}
