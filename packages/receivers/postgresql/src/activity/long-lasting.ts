import { integer, number, type Row, type SessionEventName, sessionEvents, text } from "@dbintel/watching";
import { micros } from "../metrics/metric-definition.ts";
import type { Session } from "./session.ts";

/** From which age on something is told, in milliseconds; 0 for never. */
export interface AgeLimits {
  readonly statement: number;
  readonly transaction: number;
  readonly idleTransaction: number;
  readonly preparedTransaction: number;
}

/** Something that lasts longer than it should. */
export interface LongLasting {
  readonly event: SessionEventName;
  /** One for the life of what lasts: the same execution, the same transaction, the same pause. */
  readonly identity: string;
  readonly ageMicros: bigint;
  readonly limitMs: number;
  readonly of: Session | PreparedTransaction;
}

/** A transaction that no session has any more and that still holds its locks. */
export interface PreparedTransaction {
  readonly xid: string;
  readonly database: string | undefined;
  readonly owner: string | undefined;
  readonly preparedMicros: bigint;
  /** Transactions since its own began: VACUUM keeps what any of them has deleted. */
  readonly xidAge: number | undefined;
}

/** The oldest prepared transactions. Their names stay where they are: applications make them of what they work on. */
export const preparedTransactionsSql = `
  SELECT transaction::text AS xid, database::text AS database, owner::text AS owner, ${micros("prepared")} AS prepared,
         age(transaction) AS xid_age
    FROM pg_prepared_xacts ORDER BY prepared LIMIT 100`;

/** A row of the statement above. */
export function preparedTransactionOf(row: Row): PreparedTransaction {
  return {
    xid: text(row, "xid") ?? "",
    database: text(row, "database"),
    owner: text(row, "owner"),
    preparedMicros: integer(row, "prepared") ?? 0n,
    xidAge: number(row, "xid_age"),
  };
}

/** What of the sessions and prepared transactions lasts too long. */
export function longLasting(args: {
  readonly sessions: readonly Session[];
  readonly prepared: readonly PreparedTransaction[];
  readonly clockMicros: bigint;
  readonly limits: AgeLimits;
}): readonly LongLasting[] {
  const { sessions, prepared, clockMicros, limits } = args;
  const found: LongLasting[] = [];
  const judge = (event: SessionEventName, of: LongLasting["of"], sinceMicros: bigint | undefined, limitMs: number) => {
    if (sinceMicros === undefined || limitMs === 0) return;
    const ageMicros = clockMicros - sinceMicros;
    const owner = "id" in of ? of.id : of.xid;
    if (Number(ageMicros) < limitMs * 1000) return;
    found.push({ event, identity: `${event}/${owner}/${sinceMicros}`, ageMicros, limitMs, of });
  };
  for (const session of sessions) {
    const { state, queryMicros, stateMicros, transactionMicros } = session;
    const idle = state.startsWith("idle");
    judge(sessionEvents.statement, session, idle ? undefined : queryMicros, limits.statement);
    judge(sessionEvents.transaction, session, transactionMicros, limits.transaction);
    judge(
      sessionEvents.idleTransaction,
      session,
      idle && state !== "idle" ? stateMicros : undefined,
      limits.idleTransaction,
    );
  }
  for (const each of prepared) {
    judge(sessionEvents.preparedTransaction, each, each.preparedMicros, limits.preparedTransaction);
  }
  return found;
}
