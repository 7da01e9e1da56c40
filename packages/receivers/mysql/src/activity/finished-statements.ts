import type { Row } from "@dbintel/watching";
import { isOwn, type Session, type StatementEvent, sessionOf, statementColumns, threadColumns } from "./session.ts";
import { picosecondsBetween, timerBefore, timerWindow } from "./timer.ts";

/** A statement that has ended, with the session that it was one of. */
export interface FinishedStatement {
  readonly session: Session;
  readonly statement: StatementEvent;
}

/** How far what has ended was read, by the timer of statements. */
export interface HistoryMark {
  readonly timer: bigint;
  /** What was read at the end of the window: those that ended with it and came late into the history. */
  readonly seen: ReadonlySet<string>;
}

/** A statement may be in the history only a moment after its end: so much of each window is looked at again. */
const overlapPicoseconds = 2_000_000_000_000n;

/**
 * Statements of clients that have ended since the mark, the longest first. The ring of a thread's history has room for
 * ten: what a faster session has overwritten is counted in the summary by digest and has no event of its own.
 */
export function finishedStatementsSql(
  columns: ReadonlySet<string>,
  args: { readonly mark: HistoryMark; readonly timer: bigint; readonly limit: number },
): string {
  const since = timerBefore(args.mark.timer, overlapPicoseconds);
  return `
    SELECT ${threadColumns}, ${statementColumns("s", columns)}
      FROM performance_schema.events_statements_history s
      JOIN performance_schema.threads t ON t.THREAD_ID = s.THREAD_ID
     WHERE ${timerWindow("s.TIMER_END", since, args.timer)} AND s.NESTING_EVENT_LEVEL = 0
       AND t.TYPE = 'FOREGROUND' AND t.PROCESSLIST_ID IS NOT NULL AND s.SQL_TEXT NOT LIKE '%/* dbintel */%'
     ORDER BY s.TIMER_WAIT DESC
     LIMIT ${args.limit}`;
}

/**
 * Of what was read, those that were not read before: of each statement of a schema the longest that ended well and the
 * longest that failed. The mark says from where to read on.
 */
export function finishedStatements(
  rows: readonly Row[],
  args: { readonly mark: HistoryMark; readonly timer: bigint },
): { readonly finished: readonly FinishedStatement[]; readonly mark: HistoryMark } {
  const finished = new Map<string, FinishedStatement>();
  const seen = new Set<string>();
  for (const row of rows) {
    const session = sessionOf(row);
    const { statement } = session;
    if (statement === undefined || isOwn(statement.sql)) continue;
    const name = `${session.threadId}/${session.processlistId}/${statement.eventId}`;
    if (picosecondsBetween(statement.endTimer ?? 0n, args.timer) < overlapPicoseconds) seen.add(name);
    if (args.mark.seen.has(name)) continue;
    const kind = [statement.schema, statement.digest ?? name, statement.errno > 0].join("\n");
    if (!finished.has(kind)) finished.set(kind, { session, statement });
  }
  return { finished: [...finished.values()], mark: { timer: args.timer, seen } };
}

/** Nothing of what had ended before. */
export function markAt(timer: bigint): HistoryMark {
  return { timer, seen: new Set() };
}
