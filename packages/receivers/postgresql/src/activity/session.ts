import { integer, number, type Row, text } from "@dbintel/watching";
import type { Capabilities } from "../connection/capabilities.ts";
import { applicationName } from "../connection/connection.ts";
import { micros } from "../metrics/metric-definition.ts";

/** A session and what it does, as pg_stat_activity tells it. Times are microseconds since 1970 by the server's clock. */
export interface Session {
  readonly pid: number;
  /** One for the life of the session: what `%c` of `log_line_prefix` and `session_id` of the server's logs say. */
  readonly id: string;
  readonly backendType: string;
  readonly database: string | undefined;
  readonly user: string | undefined;
  readonly application: string | undefined;
  readonly clientAddress: string | undefined;
  readonly clientPort: number | undefined;
  readonly clientHostname: string | undefined;
  readonly startedMicros: bigint;
  readonly transactionMicros: bigint | undefined;
  readonly queryMicros: bigint | undefined;
  /** When `state` became what it is. */
  readonly stateMicros: bigint | undefined;
  readonly state: string;
  readonly waitEventType: string | undefined;
  readonly waitEvent: string | undefined;
  /** The transaction's own id, once it has written something. */
  readonly xid: string | undefined;
  /** The oldest transaction whose effects it may not see yet; VACUUM keeps what is younger. */
  readonly xmin: string | undefined;
  /** Transactions that have begun since that one. */
  readonly xminAge: number | undefined;
  /** PostgreSQL 14 and later, where `compute_query_id` is on. */
  readonly queryId: bigint | undefined;
  /** The last statement as it was typed: never to be shown or kept. */
  readonly query: string;
}

/** Longer texts are cut off by the server; `track_activity_query_size` is 1 kB unless a DBA has raised it. */
const longestText = 16_384;

/**
 * Sessions of others, those first that wait for a lock, then those that work, the oldest statement first. One that is
 * idle is of interest only where its statement has ended since `$1`, in seconds since 1970; at most `$2`.
 */
export function activeSessionsSql(capabilities: Capabilities): string {
  return `${selectSql(capabilities)}
    WHERE a.backend_type = 'client backend' AND a.application_name <> '${applicationName}' AND a.query <> ''
      AND (a.state <> 'idle' OR a.state_change > to_timestamp($1)) AND a.state <> 'disabled'
    ORDER BY a.wait_event_type = 'Lock' DESC NULLS LAST, a.state = 'idle', a.query_start
    LIMIT $2`;
}

/** The sessions of the processes `$1`, whatever they do. */
export function sessionsSql(capabilities: Capabilities): string {
  return `${selectSql(capabilities)} WHERE a.pid = ANY($1::int4[]) AND a.state IS NOT NULL`;
}

function selectSql({ columns }: Capabilities): string {
  const hasQueryId = columns.get("pg_stat_activity")?.has("query_id") ?? false;
  return `
    SELECT a.pid, a.backend_type, a.datname AS database, a.usename AS user_name, a.application_name,
           host(a.client_addr) AS client_address, a.client_port, a.client_hostname,
           ${micros("a.backend_start")} AS started, ${micros("a.xact_start")} AS transaction,
           ${micros("a.query_start")} AS query_start, ${micros("a.state_change")} AS state_change,
           ${micros("statement_timestamp()")} AS clock,
           a.state, a.wait_event_type, a.wait_event, a.backend_xid::text AS xid, a.backend_xmin::text AS xmin, age(a.backend_xmin) AS xmin_age,
           ${hasQueryId ? "a.query_id" : "NULL::int8 AS query_id"},
           CASE WHEN octet_length(a.query) <= ${longestText} THEN a.query ELSE left(a.query, ${longestText}) END AS query
      FROM pg_stat_activity a`;
}

/** A row of the statements above. */
export function sessionOf(row: Row): Session {
  const pid = number(row, "pid") ?? 0;
  const startedMicros = integer(row, "started") ?? 0n;
  return {
    pid,
    id: `${(startedMicros / 1_000_000n).toString(16)}.${pid.toString(16)}`,
    backendType: text(row, "backend_type") ?? "",
    database: text(row, "database"),
    user: text(row, "user_name"),
    application: text(row, "application_name") || undefined,
    clientAddress: text(row, "client_address"),
    clientPort: clientPortOf(row),
    clientHostname: text(row, "client_hostname"),
    startedMicros,
    transactionMicros: integer(row, "transaction"),
    queryMicros: integer(row, "query_start"),
    stateMicros: integer(row, "state_change"),
    state: text(row, "state") ?? "",
    waitEventType: text(row, "wait_event_type"),
    waitEvent: text(row, "wait_event"),
    xid: text(row, "xid"),
    xmin: text(row, "xmin"),
    xminAge: number(row, "xmin_age"),
    queryId: integer(row, "query_id"),
    query: text(row, "query") ?? "",
  };
}

/** -1 says that the client came through a Unix socket. */
function clientPortOf(row: Row): number | undefined {
  const port = number(row, "client_port") ?? -1;
  return port < 0 ? undefined : port;
}
