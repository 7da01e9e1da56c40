import { integer, number, type Row, text } from "@dbintel/watching";

/** A statement of a session, as events_statements_current or its history tells it. */
export interface StatementEvent {
  readonly eventId: bigint;
  readonly ended: boolean;
  /** By the timer of statements; absent where the server did not measure. */
  readonly startTimer: bigint | undefined;
  readonly endTimer: bigint | undefined;
  /** Until now where it has not ended. */
  readonly waitPicoseconds: bigint | undefined;
  readonly lockPicoseconds: bigint | undefined;
  /** MySQL 8.0.28 and later, with the consumer events_statements_cpu. */
  readonly cpuPicoseconds: bigint | undefined;
  /** As it was typed: never to be shown or kept. */
  readonly sql: string | undefined;
  readonly digest: string | undefined;
  readonly digestText: string | undefined;
  readonly schema: string | undefined;
  readonly errno: number;
  readonly rowsAffected: bigint | undefined;
  readonly rowsSent: bigint | undefined;
  readonly rowsExamined: bigint | undefined;
  readonly usedNoIndex: boolean;
}

/** A session and what it does. */
export interface Session {
  /** Of the Performance Schema: what its tables name a session by. */
  readonly threadId: bigint;
  /** What the process list, KILL and other sessions name it by. */
  readonly processlistId: number;
  readonly user: string | undefined;
  readonly host: string | undefined;
  readonly schema: string | undefined;
  /** `Query`, `Sleep` … */
  readonly command: string | undefined;
  readonly state: string | undefined;
  /** How long it has been in this command, in whole seconds. */
  readonly commandSeconds: number;
  /** The statement of the process list, where there is no event: never to be shown or kept. */
  readonly info: string | undefined;
  readonly statement: StatementEvent | undefined;
}

/** Columns of events that a server may lack. */
function optional(columns: ReadonlySet<string>, column: string, alias: string): string {
  return columns.has(column) ? `${alias}.${column}` : "NULL";
}

/** The columns of a statement, of a table of events with this alias. */
export function statementColumns(alias: string, columns: ReadonlySet<string>): string {
  return `
    ${alias}.EVENT_ID AS event, ${alias}.END_EVENT_ID AS end_event, ${alias}.TIMER_START AS timer_start,
    ${alias}.TIMER_END AS timer_end, ${alias}.TIMER_WAIT AS timer_wait, ${alias}.LOCK_TIME AS lock_time,
    ${optional(columns, "CPU_TIME", alias)} AS cpu_time, ${alias}.SQL_TEXT AS sql_text, ${alias}.DIGEST AS digest,
    ${alias}.DIGEST_TEXT AS digest_text, ${alias}.CURRENT_SCHEMA AS current_schema, ${alias}.MYSQL_ERRNO AS error_number,
    ${alias}.ROWS_AFFECTED AS rows_affected, ${alias}.ROWS_SENT AS rows_sent, ${alias}.ROWS_EXAMINED AS rows_examined,
    ${alias}.NO_INDEX_USED AS no_index_used`;
}

/** The columns of a thread. */
export const threadColumns = `
    t.THREAD_ID AS thread, t.PROCESSLIST_ID AS session, t.PROCESSLIST_USER AS user_name, t.PROCESSLIST_HOST AS host,
    t.PROCESSLIST_DB AS db, t.PROCESSLIST_COMMAND AS command, t.PROCESSLIST_STATE AS state,
    t.PROCESSLIST_TIME AS command_seconds, t.PROCESSLIST_INFO AS info`;

/** Commands of threads that work for the server itself or wait for its events. */
export const noWork =
  "'Sleep', 'Daemon', 'Binlog Dump', 'Binlog Dump GTID', 'Connect', 'Slave_IO', 'Slave_SQL', 'Slave_worker'";

/** Sessions of clients that do something, those first that have done so for longest. */
export function activeSessionsSql(columns: ReadonlySet<string>, limit: number): string {
  return workingSql(columns, { condition: "", limit });
}

/** Those of them whose state is that they wait for a lock; it does not say so of a row's. */
export function waitingSessionsSql(columns: ReadonlySet<string>, limit: number): string {
  return workingSql(columns, { condition: "AND t.PROCESSLIST_STATE LIKE '% lock'", limit });
}

function workingSql(
  columns: ReadonlySet<string>,
  { condition, limit }: { readonly condition: string; readonly limit: number },
): string {
  return `${selectSql(columns)}
     WHERE t.TYPE = 'FOREGROUND' AND t.PROCESSLIST_ID IS NOT NULL
       AND t.PROCESSLIST_ID <> CONNECTION_ID() AND t.PROCESSLIST_COMMAND NOT IN (${noWork}) ${condition}
     ORDER BY t.PROCESSLIST_TIME DESC, t.PROCESSLIST_ID
     LIMIT ${limit}`;
}

/** Sessions by their number in the process list, whatever they do. */
export function sessionsSql(columns: ReadonlySet<string>, ids: Iterable<bigint>): string {
  return `${selectSql(columns)} WHERE t.PROCESSLIST_ID IN (${[...ids].join(", ")})`;
}

/** Of a procedure's statements the one that the client sent. */
function selectSql(columns: ReadonlySet<string>): string {
  return `
    SELECT ${threadColumns}, ${statementColumns("s", columns)}
      FROM performance_schema.threads t
      LEFT JOIN performance_schema.events_statements_current s
        ON s.THREAD_ID = t.THREAD_ID AND s.NESTING_EVENT_LEVEL = 0`;
}

/** A row of the statements above. */
export function sessionOf(row: Row): Session {
  return {
    threadId: integer(row, "thread") ?? 0n,
    processlistId: number(row, "session") ?? 0,
    user: text(row, "user_name"),
    host: text(row, "host"),
    schema: text(row, "db"),
    command: text(row, "command"),
    state: text(row, "state"),
    commandSeconds: number(row, "command_seconds") ?? 0,
    info: text(row, "info"),
    statement: integer(row, "event") === undefined ? undefined : statementOf(row),
  };
}

export function statementOf(row: Row): StatementEvent {
  return {
    eventId: integer(row, "event") ?? 0n,
    ended: integer(row, "end_event") !== undefined,
    startTimer: integer(row, "timer_start"),
    endTimer: integer(row, "timer_end"),
    waitPicoseconds: integer(row, "timer_wait"),
    lockPicoseconds: integer(row, "lock_time"),
    cpuPicoseconds: integer(row, "cpu_time"),
    sql: text(row, "sql_text"),
    digest: text(row, "digest"),
    digestText: text(row, "digest_text"),
    schema: text(row, "current_schema"),
    errno: number(row, "error_number") ?? 0,
    rowsAffected: integer(row, "rows_affected"),
    rowsSent: integer(row, "rows_sent"),
    rowsExamined: integer(row, "rows_examined"),
    usedNoIndex: (number(row, "no_index_used") ?? 0) > 0,
  };
}

/** Whether the collector itself asked this. */
export function isOwn(sql: string | undefined): boolean {
  return sql !== undefined && ownStatement.test(sql);
}

/** The marker stands behind the first word of each statement of a session of the collector. */
const ownStatement = /^\s*\w+ \/\* dbintel \*\//;

/** What tells one life of a session from the next under the same numbers. */
export function sessionId(startSeconds: bigint, { processlistId }: Pick<Session, "processlistId">): string {
  return `${startSeconds.toString(16)}.${processlistId.toString(16)}`;
}
