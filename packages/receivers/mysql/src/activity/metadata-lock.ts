import { number, type Row, text } from "@dbintel/watching";
import { type LockEdge, mostEdges } from "./lock-wait.ts";

/**
 * Who waits for a lock on the definition of something, and who has one on it or asked before. Asked only while the state
 * of a session says that it waits for one. MariaDB has the instrument `wait/lock/metadata/sql/mdl` off by default; then
 * nothing is there to be read.
 */
export const metadataLockSql = `
  SELECT pt.PROCESSLIST_ID AS session, bt.PROCESSLIST_ID AS blocker, p.OBJECT_TYPE AS type,
         p.OBJECT_SCHEMA AS object_schema, p.OBJECT_NAME AS object_name, p.LOCK_TYPE AS wanted,
         b.LOCK_TYPE AS held, b.LOCK_STATUS AS status
    FROM performance_schema.metadata_locks p
    JOIN performance_schema.metadata_locks b
      ON b.OBJECT_TYPE = p.OBJECT_TYPE AND b.OBJECT_SCHEMA <=> p.OBJECT_SCHEMA AND b.OBJECT_NAME <=> p.OBJECT_NAME
     AND b.OWNER_THREAD_ID <> p.OWNER_THREAD_ID
    JOIN performance_schema.threads pt ON pt.THREAD_ID = p.OWNER_THREAD_ID
    JOIN performance_schema.threads bt ON bt.THREAD_ID = b.OWNER_THREAD_ID
   WHERE p.LOCK_STATUS = 'PENDING'
   LIMIT ${mostEdges}`;

/** A row of the statement above; `undefined` when the two can have their locks at the same time. */
export function metadataLockOf(row: Row): LockEdge | undefined {
  const mode = text(row, "wanted") ?? "";
  const held = text(row, "held") ?? "";
  if (!mustGoFirst({ wanted: mode, mode: held, isGiven: text(row, "status") === "GRANTED" })) return undefined;
  const type = text(row, "type") ?? "";
  const names = [text(row, "object_schema"), text(row, "object_name")].filter((name) => name !== undefined);
  return {
    session: number(row, "session") ?? 0,
    blocker: number(row, "blocker") ?? 0,
    mode,
    type: type === "TABLE" ? "METADATA" : type,
    // What an application calls its own locks by may be anything.
    relation: names.length === 0 || /LOCK/.test(type) ? undefined : names.join("."),
    index: undefined,
  };
}

/** Whether a lock, or the request for one, of this mode has to go before the wanted one is given. */
export function mustGoFirst(args: {
  readonly wanted: string;
  readonly mode: string;
  /** `false` for a request. */
  readonly isGiven: boolean;
}): boolean {
  const { wanted, mode, isGiven } = args;
  return isGiven ? conflicts(wanted, mode) : queues(wanted, mode);
}

/**
 * The locks that have to go before each kind is given, by the table in MySQL's `sql/mdl.cc` (`MDL_object_lock`), which
 * those of schemas and of the whole server follow as far as they have the same names.
 */
const incompatible: Readonly<Record<string, readonly string[]>> = {
  INTENTION_EXCLUSIVE: ["SHARED", "EXCLUSIVE"],
  SHARED: ["INTENTION_EXCLUSIVE", "EXCLUSIVE"],
  SHARED_HIGH_PRIO: ["EXCLUSIVE"],
  SHARED_READ: ["SHARED_NO_READ_WRITE", "EXCLUSIVE"],
  SHARED_WRITE: ["SHARED_READ_ONLY", "SHARED_NO_WRITE", "SHARED_NO_READ_WRITE", "EXCLUSIVE"],
  SHARED_WRITE_LOW_PRIO: ["SHARED_READ_ONLY", "SHARED_NO_WRITE", "SHARED_NO_READ_WRITE", "EXCLUSIVE"],
  SHARED_UPGRADABLE: ["SHARED_UPGRADABLE", "SHARED_NO_WRITE", "SHARED_NO_READ_WRITE", "EXCLUSIVE"],
  SHARED_READ_ONLY: ["SHARED_WRITE", "SHARED_WRITE_LOW_PRIO", "SHARED_NO_READ_WRITE", "EXCLUSIVE"],
  SHARED_NO_WRITE: [
    ...["SHARED_WRITE", "SHARED_WRITE_LOW_PRIO", "SHARED_UPGRADABLE"],
    ...["SHARED_NO_WRITE", "SHARED_NO_READ_WRITE", "EXCLUSIVE"],
  ],
  SHARED_NO_READ_WRITE: [
    ...["SHARED_READ", "SHARED_WRITE", "SHARED_WRITE_LOW_PRIO", "SHARED_UPGRADABLE", "SHARED_READ_ONLY"],
    ...["SHARED_NO_WRITE", "SHARED_NO_READ_WRITE", "EXCLUSIVE"],
  ],
};

/** The requests that each kind lets pass before it, by the second table there. */
const givesWayTo: Readonly<Record<string, readonly string[]>> = {
  INTENTION_EXCLUSIVE: ["SHARED", "EXCLUSIVE"],
  SHARED: ["EXCLUSIVE"],
  SHARED_HIGH_PRIO: [],
  SHARED_READ: ["SHARED_NO_READ_WRITE", "EXCLUSIVE"],
  SHARED_WRITE: ["SHARED_NO_WRITE", "SHARED_NO_READ_WRITE", "EXCLUSIVE"],
  SHARED_WRITE_LOW_PRIO: ["SHARED_READ_ONLY", "SHARED_NO_WRITE", "SHARED_NO_READ_WRITE", "EXCLUSIVE"],
  SHARED_UPGRADABLE: ["EXCLUSIVE"],
  SHARED_READ_ONLY: ["SHARED_WRITE", "SHARED_NO_READ_WRITE", "EXCLUSIVE"],
  SHARED_NO_WRITE: ["EXCLUSIVE"],
  SHARED_NO_READ_WRITE: ["EXCLUSIVE"],
};

/** A kind that the table does not know is in the way of every other: EXCLUSIVE is, and so are MariaDB's backup locks. */
function conflicts(wanted: string, held: string): boolean {
  return incompatible[wanted]?.includes(held) ?? true;
}

/** Nobody has to wait for a request of a kind that the table does not know. */
function queues(wanted: string, requested: string): boolean {
  return givesWayTo[wanted]?.includes(requested) ?? false;
}
