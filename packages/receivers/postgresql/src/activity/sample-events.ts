import type { AnyValue, LogRecordInit, LogsBuilder } from "@dbintel/pdata";
import { commentTags, parseTraceparent, redactSql, type TraceContext } from "@dbintel/sql";
import type { BlockingForest, BlockingRoot } from "@dbintel/waits";
import { bounded, printable, type SampleReason } from "@dbintel/watching";
import type { ActiveSession } from "./active-session.ts";
import type { Session } from "./session.ts";

export const querySampleEvent = "db.server.query_sample";

/** A session that is reported, and how long it has waited for its lock. */
export type ReportedSession = ActiveSession & {
  readonly reason: SampleReason;
  readonly waitingSinceMicros: bigint | undefined;
};

/** What all records of one poll have in common. */
export interface QuerySampleArgs {
  readonly reported: readonly ReportedSession[];
  readonly forest: BlockingForest;
  /** The id of the session of a process, if that is known. */
  readonly sessionIdOf: (pid: number) => string | undefined;
  readonly clockMicros: bigint;
  readonly observedUnixNano: bigint;
}

const longestTextBytes = 10_000;
/** Names are 63 bytes long in PostgreSQL, host names 255. */
const longestNameBytes = 255;

/**
 * One log record for each reported session: the attributes of the OpenTelemetry Collector's `db.server.query_sample` and
 * its unit for `postgresql.total_exec_time`, and what identifies session and transaction and places the session in the
 * tree of those that block each other.
 */
export function addQuerySamples(logs: LogsBuilder, args: QuerySampleArgs): void {
  const roots = new Map(args.forest.roots.map((root) => [root.session, root]));
  for (const reported of args.reported) {
    const { session } = reported;
    logs.record({
      timeUnixNano: args.clockMicros * 1000n,
      observedTimeUnixNano: args.observedUnixNano,
      eventName: querySampleEvent,
      ...traceLink(session),
      attributes: {
        "db.system.name": "postgresql",
        ...sessionAttributes(session, args.clockMicros),
        ...waitAttributes(reported, args),
        ...rootAttributes(roots.get(String(session.pid))),
        "dbintel.sample.reason": reported.reason,
      },
    });
  }
}

/** Who it is and what it does. */
export function sessionAttributes(session: Session, clockMicros: bigint): Record<string, AnyValue | undefined> {
  const { transactionMicros } = session;
  return {
    "db.namespace": name(session.database),
    "db.query.text": printable(bounded(redactSql(session.query, "postgresql").text, longestTextBytes)),
    "user.name": name(session.user),
    "network.peer.address": session.clientAddress,
    "network.peer.port": int(session.clientPort),
    "postgresql.application_name": name(session.application),
    "postgresql.client_hostname": name(session.clientHostname),
    "postgresql.backend_type": name(session.backendType),
    "postgresql.backend_xid": session.xid,
    "postgresql.backend_xmin": session.xmin,
    "postgresql.backend_xmin.age": int(session.xminAge),
    "postgresql.backend.connection.start": timestamp(session.startedMicros),
    "postgresql.pid": int(session.pid),
    "postgresql.query_id": session.queryId?.toString(),
    "postgresql.query_start": timestamp(session.queryMicros),
    "postgresql.state": session.state,
    "postgresql.state_change": timestamp(session.stateMicros),
    "postgresql.total_exec_time": executionMillis(session, clockMicros),
    "postgresql.wait_event": name(session.waitEvent),
    "postgresql.wait_event_type": name(session.waitEventType),
    "postgresql.xact_start": timestamp(transactionMicros),
    "dbintel.session.id": session.id,
    "dbintel.transaction.id": transactionMicros === undefined ? undefined : `${session.id}/${transactionMicros}`,
  };
}

function waitAttributes(
  { session, wait, waitingSinceMicros }: ReportedSession,
  { forest, sessionIdOf, clockMicros }: QuerySampleArgs,
): Record<string, AnyValue | undefined> {
  // As in the OpenTelemetry Collector's receiver: there and empty where nobody blocks the session.
  if (wait === undefined) return { "postgresql.blocking.pids": "{}" };
  const place = forest.blocked.get(String(session.pid));
  const root = place === undefined ? undefined : Number(place.root);
  return {
    "postgresql.blocking.pids": `{${wait.blockers.join(",")}}`,
    "postgresql.blocking.lock.mode": wait.mode,
    "postgresql.blocking.lock.type": wait.type,
    "postgresql.blocking.lock.relation": name(wait.relation),
    "postgresql.blocking.start_time": timestamp(waitingSinceMicros),
    "postgresql.blocking.wait_duration": waitingSinceMicros && (clockMicros - waitingSinceMicros) / 1_000_000n,
    "postgresql.blocking.transaction.start_time": timestamp(session.transactionMicros),
    "dbintel.blocking.depth": int(place?.depth),
    "dbintel.blocking.root.pid": int(root),
    "dbintel.blocking.root.session.id": root === undefined ? undefined : sessionIdOf(root),
  };
}

function rootAttributes(root: BlockingRoot | undefined): Record<string, AnyValue | undefined> {
  if (root === undefined) return {};
  return {
    "dbintel.blocking.sessions": int(root.blockedSessions),
    "dbintel.blocking.seconds": root.blockedSeconds,
    "dbintel.blocking.in_cycle": root.inCycle,
  };
}

/** How long the statement runs, or ran when it has ended. The server counts no less than no time when clocks are set. */
function executionMillis({ state, queryMicros, stateMicros }: Session, clockMicros: bigint): number | undefined {
  if (queryMicros === undefined) return undefined;
  const endMicros = state.startsWith("idle") ? (stateMicros ?? clockMicros) : clockMicros;
  return Math.max(0, Number(endMicros - queryMicros) / 1000);
}

/** The span that the statement says it belongs to, in its comment, or else the one that its session is named after. */
export function traceLink({ query, application }: Session): Pick<LogRecordInit, "traceId" | "spanId" | "flags"> {
  const trace = traceIn(commentTags(query, "postgresql").get("traceparent")) ?? traceIn(application);
  return trace === undefined ? {} : { traceId: trace.traceId, spanId: trace.spanId, flags: trace.sampled ? 1 : 0 };
}

function traceIn(text: string | undefined): TraceContext | undefined {
  return text === undefined ? undefined : parseTraceparent(text);
}

/** A name as an attribute: bounded and printable. */
export function name(text: string | undefined): string | undefined {
  return text === undefined ? undefined : printable(bounded(text, longestNameBytes));
}

export function int(number: number | undefined): bigint | undefined {
  return number === undefined ? undefined : BigInt(number);
}

/** RFC 3339 in UTC with microseconds. */
export function timestamp(micros: bigint | undefined): string | undefined {
  if (micros === undefined) return undefined;
  const seconds = new Date(Number(micros / 1000n)).toISOString().slice(0, 19);
  return `${seconds}.${String(micros % 1_000_000n).padStart(6, "0")}Z`;
}
