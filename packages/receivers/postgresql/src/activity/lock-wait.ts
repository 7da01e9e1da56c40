import { integer, number, type Row, text } from "@dbintel/watching";
import type { Capabilities } from "../connection/capabilities.ts";
import { micros } from "../metrics/metric-definition.ts";
import type { RelationPlace } from "./relation-names.ts";

/** The lock that a session waits for. */
export interface LockWait {
  readonly pid: number;
  /** Whom it waits for, each once; 0 is a prepared transaction. */
  readonly blockers: readonly number[];
  /** What it asks for, such as `ShareLock`. */
  readonly mode: string;
  /** What kind of thing is locked: `relation`, `transactionid`, `advisory` … */
  readonly type: string;
  /** What it is about: `schema.table`; its oid where nobody has told the name yet. */
  readonly relation: string | undefined;
  /** Where to ask for the name: in another database than the one connected to. */
  readonly elsewhere: RelationPlace | undefined;
  /** Since when; PostgreSQL 14 and later. */
  readonly sinceMicros: bigint | undefined;
}

/**
 * What the processes `$1` wait for. Asked only for sessions that wait for a lock: both pg_locks and pg_blocking_pids
 * hold up the server's lock manager for a moment. Who waits for a row waits for the transaction that changed it; the
 * tuple that it has locked to be the next one tells the table.
 */
export function lockWaitsSql({ columns }: Capabilities): string {
  const hasWaitStart = columns.get("pg_locks")?.has("waitstart") ?? false;
  return `
    WITH locks AS MATERIALIZED (SELECT * FROM pg_locks WHERE pid = ANY($1::int4[]))
    SELECT w.pid, w.mode, w.locktype AS type, ${hasWaitStart ? micros("w.waitstart") : "NULL::int8"} AS since,
           pg_blocking_pids(w.pid)::text AS blockers,
           t.relation AS oid, CASE WHEN here THEN t.relation::regclass::text ELSE t.relation::text END AS relation,
           CASE WHEN NOT here AND d.datallowconn AND has_database_privilege(d.oid, 'CONNECT') THEN d.datname END
             AS elsewhere
      FROM locks w
      LEFT JOIN LATERAL (SELECT l.database, l.relation FROM locks l
                          WHERE l.pid = w.pid AND l.relation IS NOT NULL
                            AND (NOT l.granted OR (w.relation IS NULL AND l.locktype = 'tuple'))
                          LIMIT 1) t ON true
      LEFT JOIN pg_database d ON d.oid = t.database
     CROSS JOIN LATERAL (SELECT t.database = 0 OR d.datname = current_database()) h(here)
     WHERE NOT w.granted`;
}

/** A row of the statement above; `undefined` when nobody blocks the session any more. */
export function lockWaitOf(row: Row): LockWait | undefined {
  const blockers = [...new Set(pidsIn(text(row, "blockers") ?? "{}"))];
  if (blockers.length === 0) return undefined;
  const database = text(row, "elsewhere");
  return {
    pid: number(row, "pid") ?? 0,
    blockers,
    mode: text(row, "mode") ?? "",
    type: text(row, "type") ?? "",
    relation: text(row, "relation"),
    elsewhere: database === undefined ? undefined : { database, oid: number(row, "oid") ?? 0 },
    sinceMicros: integer(row, "since"),
  };
}

/** The elements of an array of integers as PostgreSQL prints it: `{1,2}`. */
function pidsIn(array: string): readonly number[] {
  const elements = array.slice(1, -1);
  return elements === "" ? [] : elements.split(",").map(Number);
}
