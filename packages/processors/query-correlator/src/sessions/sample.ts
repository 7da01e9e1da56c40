import { type AnyValue, type Attributes, attributeKey, attributeKeys } from "@dbintel/pdata";
import type { WaitCatalogue, WaitCategory } from "@dbintel/waits";

/** What a record of `db.server.query_sample` says of a session at one moment. */
export interface Sample {
  /** As others that wait for it name it: PostgreSQL's pid, MySQL's processlist id, SQL Server's session id. */
  readonly session: string;
  /** Unique over the life of the server, where the receiver tells. */
  readonly sessionId: string;
  readonly transaction: string | undefined;
  readonly transactionStartMs: number | undefined;
  /** Tells one execution of a statement from the next. */
  readonly execution: string;
  readonly category: WaitCategory;
  readonly idleInTransaction: boolean;
  /** Sessions that it waits for. */
  readonly blockers: readonly string[];
  /** Seconds. */
  readonly blockedFor: number;
  readonly lockMode: string | undefined;
  readonly relation: string | undefined;
}

const keys = {
  sessionId: attributeKey("dbintel.session.id"),
  transactionId: attributeKey("dbintel.transaction.id"),
  postgresql: {
    pid: attributeKey("postgresql.pid"),
    state: attributeKey("postgresql.state"),
    queryStart: attributeKey("postgresql.query_start"),
    transactionStart: attributeKey("postgresql.xact_start"),
    waitType: attributeKey("postgresql.wait_event_type"),
    wait: attributeKey("postgresql.wait_event"),
    blockers: attributeKey("postgresql.blocking.pids"),
    blockedFor: attributeKey("postgresql.blocking.wait_duration"),
    lockMode: attributeKey("postgresql.blocking.lock.mode"),
    relation: attributeKey("postgresql.blocking.lock.relation"),
  },
  mysql: {
    session: attributeKey("mysql.session.id"),
    thread: attributeKey("mysql.threads.thread_id"),
    event: attributeKey("mysql.event_id"),
    command: attributeKey("mysql.threads.processlist_command"),
    state: attributeKey("mysql.threads.processlist_state"),
    status: attributeKey("mysql.session.status"),
    wait: attributeKey("mysql.wait_type"),
    transactionStart: attributeKey("mysql.transaction.start_time"),
    blockers: attributeKey("mysql.blocking.session.ids"),
    blockedFor: attributeKey("mysql.blocking.wait_duration"),
    lockType: attributeKey("mysql.blocking.lock.type"),
    lockMode: attributeKey("mysql.blocking.lock.mode"),
    relation: attributeKey("mysql.blocking.lock.relation"),
  },
  sqlserver: {
    session: attributeKey("sqlserver.session_id"),
    transaction: attributeKey("sqlserver.transaction_id"),
    openTransactions: attributeKey("sqlserver.open_transaction_count"),
    queryStart: attributeKey("sqlserver.query_start"),
    status: attributeKey("sqlserver.session_status"),
    wait: attributeKey("sqlserver.wait_type"),
    blocker: attributeKey("sqlserver.blocking_session_id"),
    waitTime: attributeKey("sqlserver.wait_time"),
    resource: attributeKey("sqlserver.wait.resource.type"),
  },
} as const;

/** Attributes that only samples have, and what reads those of each system. */
export const sampleNames: readonly string[] = ["postgresql.pid", "mysql.threads.thread_id", "sqlserver.session_id"];
const sessionKeys = attributeKeys(sampleNames);
const readers = [postgresqlSample, mysqlSample, sqlserverSample] as const;

/** `undefined` when the record is no sample of a session. */
export function sampleOf(attributes: Attributes, catalogue: WaitCatalogue): Sample | undefined {
  return readers[attributes.firstOf(sessionKeys)]?.(attributes, catalogue);
}

function postgresqlSample(attributes: Attributes, catalogue: WaitCatalogue): Sample {
  const key = keys.postgresql;
  const text = (name: keyof typeof key) => attributes.getString(key[name]) || undefined;
  const session = String(attributes.getNumber(key.pid) ?? 0);
  const state = text("state");
  const started = text("transactionStart");
  return {
    session,
    sessionId: attributes.getString(keys.sessionId) ?? session,
    transaction: attributes.getString(keys.transactionId) ?? (started && `${session}/${started}`),
    transactionStartMs: timeOf(started),
    execution: text("queryStart") ?? "",
    category: catalogue.postgresql({ state, type: text("waitType"), event: text("wait") }),
    idleInTransaction: state?.startsWith("idle in transaction") ?? false,
    blockers: (text("blockers") ?? "").match(/\d+/g) ?? [],
    blockedFor: attributes.getNumber(key.blockedFor) ?? 0,
    lockMode: text("lockMode"),
    relation: text("relation"),
  };
}

function mysqlSample(attributes: Attributes, catalogue: WaitCatalogue): Sample | undefined {
  const key = keys.mysql;
  const session = String(attributes.getNumber(key.session) ?? attributes.getNumber(key.thread) ?? 0);
  const [command, state, event] = [key.command, key.state, key.wait].map((name) => attributes.getString(name));
  const started = attributes.getString(key.transactionStart);
  // A statement that has ended says nothing of what its session does now.
  if (command === undefined && attributes.getString(key.status) === "other") return undefined;
  return {
    session,
    sessionId: attributes.getString(keys.sessionId) ?? session,
    transaction: attributes.getString(keys.transactionId),
    transactionStartMs: timeOf(started),
    execution: String(attributes.getNumber(key.event) ?? ""),
    category: catalogue.mysql({
      command,
      state,
      // The OpenTelemetry Collector's receiver says "CPU" where there is no wait.
      event: event === "CPU" ? undefined : event,
      waitsForRow: rowLocks.has(attributes.getString(key.lockType) ?? ""),
    }),
    idleInTransaction: command === "Sleep" && started !== undefined,
    blockers: namesIn(attributes.get(key.blockers)),
    blockedFor: attributes.getNumber(key.blockedFor) ?? 0,
    lockMode: attributes.getString(key.lockMode) || undefined,
    relation: attributes.getString(key.relation) || undefined,
  };
}

/** What InnoDB calls what it locks; no event of MySQL tells that a session waits for it. */
const rowLocks: ReadonlySet<string> = new Set(["RECORD", "TABLE"]);

function namesIn(value: AnyValue | undefined): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function sqlserverSample(attributes: Attributes): Sample {
  const key = keys.sqlserver;
  const session = String(attributes.getNumber(key.session) ?? 0);
  const transaction = attributes.getNumber(key.transaction) ?? 0;
  const blocker = attributes.getNumber(key.blocker) ?? 0;
  const sleeping = attributes.getString(key.status) === "sleeping";
  return {
    session,
    sessionId: attributes.getString(keys.sessionId) ?? session,
    transaction: transaction > 0 ? String(transaction) : undefined,
    transactionStartMs: undefined,
    execution: attributes.getString(key.queryStart) ?? "",
    category: sleeping ? "idle" : sqlserverCategory(attributes.getString(key.wait) ?? ""),
    idleInTransaction: sleeping && (attributes.getNumber(key.openTransactions) ?? 0) > 0,
    blockers: blocker > 0 ? [String(blocker)] : [],
    blockedFor: blocker > 0 ? (attributes.getNumber(key.waitTime) ?? 0) : 0,
    lockMode: undefined,
    relation: attributes.getString(key.resource) || undefined,
  };
}

/** The families of wait types that the manual of `sys.dm_os_wait_stats` names; what is finer is "other". */
const sqlserverFamilies: readonly (readonly [prefix: string, category: WaitCategory])[] = [
  ["LCK_M_SCH", "lock_metadata"],
  ["LCK_", "lock_row"],
  ["PAGEIOLATCH_", "io_data"],
  ["WRITELOG", "io_log"],
  ["LOGBUFFER", "io_log"],
  ["IO_COMPLETION", "io_temp"],
  ["PAGELATCH_", "buffer"],
  ["RESOURCE_SEMAPHORE", "buffer"],
  ["LATCH_", "latch"],
  ["CX", "parallel"],
  ["ASYNC_NETWORK_IO", "network"],
  ["HADR_", "replication"],
  ["WAITFOR", "sleep"],
  ["SOS_SCHEDULER_YIELD", "cpu"],
];

function sqlserverCategory(wait: string): WaitCategory {
  if (wait === "") return "cpu";
  return sqlserverFamilies.find(([prefix]) => wait.startsWith(prefix))?.[1] ?? "other";
}

function timeOf(text: string | undefined): number | undefined {
  const ms = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}
