import type { AnyValue, LogsBuilder } from "@dbintel/pdata";
import { analyzeSql } from "@dbintel/sql";
import { bounded, printable, sessionEvents } from "@dbintel/watching";
import { int, name } from "../activity/sample-events.ts";
import { type Deadlock, deadlockOf } from "./deadlock.ts";
import type { LogEntry } from "./log-entry.ts";
import { factOf, type LogFact, type LogKind } from "./log-kinds.ts";
import { isLoggedPlan, type LoggedPlan, loggedPlanOf } from "./logged-plan.ts";
import type { MessageTemplates } from "./message-templates.ts";

export const loggedPlanEvent = "db.server.query_plan";

/** An entry and what it says. */
export interface ReadEntry extends LogFact {
  readonly entry: LogEntry;
  readonly deadlock?: Deadlock | undefined;
  readonly plan?: LoggedPlan | undefined;
}

export function readEntry(entry: LogEntry): ReadEntry {
  if (isLoggedPlan(entry)) return { kind: "plan", attributes: {}, entry, plan: loggedPlanOf(entry) };
  const deadlock = deadlockOf(entry);
  if (deadlock !== undefined) return { kind: "deadlock", attributes: {}, entry, deadlock };
  return { ...factOf(entry), entry };
}

const longestTextBytes = 10_000;
/** Of one poll; what exceeds it is counted all the same. */
const mostRecords = 200;
/** Entries that are told once in a poll with their number when they say the same. */
const collapsed: ReadonlySet<LogKind> = new Set(["error", "cancelled", "terminated", "connection"]);
/** OpenTelemetry's severity numbers by the server's words; what is said in another language is none. */
const severityNumbers: Readonly<Record<string, number>> = {
  LOG: 9,
  INFO: 9,
  NOTICE: 10,
  WARNING: 13,
  ERROR: 17,
  FATAL: 21,
  PANIC: 24,
};

/** Syntax error and undefined column: what the server could not read either may have a constant where a name would be. */
const misread: ReadonlySet<string> = new Set(["42601", "42703"]);

interface Told {
  readonly read: ReadEntry;
  readonly attributes: Readonly<Record<string, AnyValue | undefined>>;
  count: number;
}

/**
 * Log records of what was read, with nothing that a user typed as a value: a deadlock as one record for each of its
 * parties, a plan of auto_explain, and other entries by kind, those that say the same as one record with their number.
 */
export function addLogEvents(
  logs: LogsBuilder,
  args: {
    readonly read: readonly ReadEntry[];
    readonly templates: MessageTemplates;
    /** The name of a table by its oid, if it is known. */
    readonly relationOf: (database: string | undefined, oid: number) => string | undefined;
    readonly observedUnixNano: bigint;
  },
): void {
  const { read, templates, relationOf, observedUnixNano } = args;
  const told = new Map<string, Told>();
  let records = 0;
  const record = (
    { entry }: ReadEntry,
    eventName: string,
    attributes: Readonly<Record<string, AnyValue | undefined>>,
  ) => {
    if (++records > mostRecords) return;
    logs.record({
      ...(entry.timeMicros === undefined ? {} : { timeUnixNano: entry.timeMicros * 1000n }),
      observedTimeUnixNano: observedUnixNano,
      eventName,
      severityText: /^[A-Z0-9]{1,10}$/.test(entry.severity) ? entry.severity : "",
      severityNumber: severityNumbers[entry.severity] ?? 0,
      attributes: { "db.system.name": "postgresql", ...sessionAttributes(entry), ...attributes },
    });
  };
  for (const each of read) {
    const { kind, entry, deadlock, plan } = each;
    if (deadlock !== undefined) {
      for (const attributes of deadlockAttributes(deadlock, entry, relationOf)) {
        record(each, sessionEvents.deadlock, attributes);
      }
    } else if (plan !== undefined) record(each, loggedPlanEvent, planAttributes(plan));
    else if (kind !== "other" && kind !== "plan") {
      const attributes = entryAttributes(each, templates);
      const identity = collapsed.has(kind)
        ? JSON.stringify([kind, entry.database, shapeOf(attributes)])
        : `${told.size}`;
      const known = told.get(identity);
      if (known === undefined) told.set(identity, { read: each, attributes, count: 1 });
      else known.count++;
    }
  }
  for (const { read: each, attributes, count } of told.values()) {
    record(each, `db.log.${each.kind}`, { ...attributes, "db.log.count": BigInt(count) });
  }
}

function sessionAttributes(entry: LogEntry): Record<string, AnyValue | undefined> {
  return {
    "db.namespace": name(entry.database),
    "user.name": name(entry.user),
    "postgresql.pid": int(entry.pid),
    "dbintel.session.id": entry.sessionId,
  };
}

function entryAttributes(read: ReadEntry, templates: MessageTemplates): Record<string, AnyValue | undefined> {
  const { attributes, entry } = read;
  return {
    "db.response.status_code": entry.sqlState,
    "db.log.message": templates.of(entry.message),
    "db.query.id": entry.queryId,
    ...statementAttributes(entry.statement, misread.has(entry.sqlState ?? "")),
    ...attributes,
  };
}

/** What makes two entries the same. */
function shapeOf(attributes: Readonly<Record<string, AnyValue | undefined>>): readonly unknown[] {
  return [attributes["db.response.status_code"], attributes["db.log.message"], attributes["db.query.fingerprint"]];
}

function statementAttributes(statement: string | undefined, hidden = false): Record<string, AnyValue | undefined> {
  if (statement === undefined) return {};
  const { text, fingerprint } = analyzeSql(statement, "postgresql");
  if (hidden) return { "db.query.fingerprint": fingerprint };
  return { "db.query.text": printable(bounded(text, longestTextBytes)), "db.query.fingerprint": fingerprint };
}

function planAttributes(plan: LoggedPlan): Record<string, AnyValue | undefined> {
  return {
    "db.query.text": plan.text === undefined ? undefined : printable(bounded(plan.text, longestTextBytes)),
    "db.query.fingerprint": plan.fingerprint,
    "db.query.id": plan.queryId,
    "postgresql.queryid": plan.queryId,
    "postgresql.query_plan": plan.plan,
    "db.query.plan.source": "auto_explain",
    "postgresql.total_exec_time": plan.durationMs === undefined ? undefined : plan.durationMs / 1000,
  };
}

function deadlockAttributes(
  { parties, victim, relation }: Deadlock,
  entry: LogEntry,
  relationOf: (database: string | undefined, oid: number) => string | undefined,
): readonly Record<string, AnyValue | undefined>[] {
  const id = `${victim ?? parties[0]?.pid}-${entry.timeMicros ?? entry.sessionId ?? ""}`;
  return parties.map((party) => ({
    "dbintel.deadlock.id": id,
    "dbintel.deadlock.parties": BigInt(parties.length),
    "dbintel.deadlock.victim": party.pid === victim,
    "postgresql.pid": BigInt(party.pid),
    "dbintel.session.id": party.pid === victim ? entry.sessionId : undefined,
    "user.name": party.pid === victim ? name(entry.user) : undefined,
    "postgresql.blocking.pids": `{${party.waitsForPid}}`,
    "postgresql.blocking.lock.mode": party.lockMode,
    "postgresql.blocking.lock.type": party.lockType,
    "postgresql.blocking.lock.relation": name(
      party.relationOid === undefined
        ? party.pid === victim
          ? relation
          : undefined
        : (relationOf(entry.database, party.relationOid) ?? String(party.relationOid)),
    ),
    ...statementAttributes(party.statement),
  }));
}
