import type { AnyValue } from "@dbintel/pdata";
import type { LogEntry } from "./log-entry.ts";

/** What an entry is about. */
export const logKinds = [
  "deadlock",
  "plan",
  "lock_wait",
  "temporary_file",
  "checkpoint",
  "autovacuum",
  "cancelled",
  "terminated",
  "connection",
  "error",
  "other",
] as const;
export type LogKind = (typeof logKinds)[number];

/** What an entry says, as attributes that hold nothing that a user typed. */
export interface LogFact {
  readonly kind: LogKind;
  readonly attributes: Readonly<Record<string, AnyValue | undefined>>;
}

type Reading = (found: RegExpExecArray, entry: LogEntry) => Readonly<Record<string, AnyValue | undefined>>;

const number = (text: string | undefined) => (text === undefined ? undefined : Number(text));
const whole = (text: string | undefined) => (text === undefined ? undefined : BigInt(text));

/** Messages of the server's own that errors do not cover, by how they begin. Their numbers and names are attributes. */
const messages: readonly (readonly [kind: LogKind, pattern: RegExp, read: Reading])[] = [
  [
    "lock_wait",
    /^process (\d{1,10}) (still waiting for|acquired) (\w{1,40}) on ([a-z]{1,20}(?: [a-z]{1,20})?)[^\n]{0,200} after (\d+\.?\d*) ms$/,
    ([, pid, phase, mode, type, waitedMs], { detail = "" }) => ({
      "postgresql.pid": whole(pid),
      "postgresql.blocking.lock.mode": mode,
      "postgresql.blocking.lock.type": lockType(type),
      "postgresql.blocking.acquired": phase === "acquired",
      "dbintel.age": (number(waitedMs) ?? 0) / 1000,
      "postgresql.blocking.pids": `{${/holding the lock: ([\d, ]{1,500})\./.exec(detail)?.[1]?.replaceAll(" ", "") ?? ""}}`,
    }),
  ],
  [
    "temporary_file",
    /^temporary file: path "[^"\n]{1,1024}", size (\d{1,18})$/,
    ([, size]) => ({ "postgresql.temporary_file.size": whole(size) }),
  ],
  [
    "checkpoint",
    /^checkpoints are occurring too frequently \((\d{1,9}) seconds? apart\)$/,
    ([, seconds]) => ({ "postgresql.checkpoint.distance": number(seconds) }),
  ],
  [
    "autovacuum",
    /^automatic (aggressive vacuum|vacuum|analyze)(?: to prevent wraparound)? of table "([^"\n]{1,200})"[\s\S]*\belapsed: (\d+\.\d+) s/,
    ([, operation, table = "", seconds]) => ({
      "db.operation.name": operation,
      "db.collection.name": namePart(table),
      "dbintel.age": number(seconds),
    }),
  ],
];

const cancelled = /^canceling (?:statement due to|autovacuum task)/;
const terminated = /^terminating (?:connection|autovacuum process|walsender)/;

/** SQLSTATE classes of connections that did not come about or broke: PostgreSQL's manual, appendix A. */
const connectionStates = /^(?:08|28|3D000|53300|57P03)/;

/** Sorts an entry that is neither a deadlock nor a plan. */
export function factOf(entry: LogEntry): LogFact {
  const { message, sqlState = "", severity } = entry;
  for (const [kind, pattern, read] of messages) {
    const found = pattern.exec(message);
    if (found !== null) return { kind, attributes: read(found, entry) };
  }
  const kind = kindOf({ message, sqlState, severity });
  return { kind, attributes: {} };
}

function kindOf({ message, sqlState, severity }: { message: string; sqlState: string; severity: string }): LogKind {
  if (sqlState === "57014" || sqlState === "55P03" || cancelled.test(message)) return "cancelled";
  if (/^(?:57P01|57P05|25P03|25P04)$/.test(sqlState) || terminated.test(message)) return "terminated";
  const isError = sqlState === "" ? /^(?:ERROR|FATAL|PANIC)$/.test(severity) : !/^0[0-3]/.test(sqlState);
  if (connectionStates.test(sqlState) || (isError && /authentication failed|pg_hba\.conf|too many c/.test(message))) {
    return "connection";
  }
  return isError ? "error" : "other";
}

/** The table of `database.schema.table`. */
function namePart(name: string): string {
  return name.split(".").slice(-2).join(".");
}

function lockType(place: string | undefined): string | undefined {
  return place?.replace(/ of$/, "");
}
