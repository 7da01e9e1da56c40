import type { AnyValue, LogRecordInit, LogsBuilder } from "@dbintel/pdata";
import { commentTags, parseTraceparent, type TraceContext } from "@dbintel/sql";
import type { BlockingForest, BlockingRoot } from "@dbintel/waits";
import { bounded, printable, type SampleReason } from "@dbintel/watching";
import type { Product } from "../connection/connection.ts";
import { type ActiveSession, namespaceOf } from "./active-session.ts";
import type { FinishedStatement } from "./finished-statements.ts";
import type { LongLasting } from "./long-lasting.ts";
import type { ServerMoment } from "./server-moment.ts";
import type { Session, StatementEvent } from "./session.ts";
import { shownText, typedText } from "./statement-text.ts";
import { picosecondsBetween, seconds } from "./timer.ts";

export const querySampleEvent = "db.server.query_sample";

/** A session that is reported, and how long it has waited for its lock. */
export type ReportedSession = ActiveSession & {
  readonly reason: SampleReason;
  readonly waitingSinceMicros: bigint | undefined;
};

/** What all records of one poll have in common. */
export interface QuerySampleArgs {
  readonly product: Product;
  readonly reported: readonly ReportedSession[];
  readonly finished: readonly (FinishedStatement & { readonly id: string })[];
  readonly forest: BlockingForest;
  readonly sessionIdOf: (processlistId: number) => string;
  /** The variable `@traceparent` by thread. */
  readonly traceparents: ReadonlyMap<bigint, string>;
  readonly moment: ServerMoment;
  readonly observedUnixNano: bigint;
}

/** Names are 64 characters long in MySQL, host names 255. */
const longestNameBytes = 255;
/** Waits that are told by name, those that took longest. */
const mostWaits = 8;
const statementPrefix = "mysql.events_statements_current.";

/**
 * One log record for each reported session, and one for each statement that has ended since the last look: the attributes
 * of the OpenTelemetry Collector's `db.server.query_sample`, times in seconds, and what identifies session and transaction
 * and places the session in the tree of those that block each other.
 */
export function addQuerySamples(logs: LogsBuilder, args: QuerySampleArgs): void {
  const { moment, product, traceparents } = args;
  const roots = new Map(args.forest.roots.map((root) => [root.session, root]));
  const common = { observedTimeUnixNano: args.observedUnixNano, eventName: querySampleEvent };
  for (const { id, session, statement } of args.finished) {
    const endMicros = statement.endTimer === undefined ? undefined : moment.clock?.microsOf(statement.endTimer);
    logs.record({
      ...common,
      timeUnixNano: moment.micros * 1000n,
      ...traceLink({ ...session, statement }, product, undefined),
      attributes: {
        "db.system.name": product,
        ...sessionAttributes(id, { ...session, statement }, product),
        // Of the session as it was: what it does now is another matter.
        "mysql.session.status": "other",
        ...statementAttributes(statement),
        [`${statementPrefix}timer_wait`]: secondsOf(statement.waitPicoseconds),
        "mysql.statement.end_time": timestamp(endMicros),
        "dbintel.sample.reason": "finished",
      },
    });
  }
  for (const reported of args.reported) {
    const { id, session, reason } = reported;
    logs.record({
      ...common,
      timeUnixNano: moment.micros * 1000n,
      ...traceLink(session, product, traceparents.get(session.threadId)),
      attributes: {
        "db.system.name": product,
        ...sessionAttributes(id, session, product),
        "mysql.threads.processlist_command": session.command,
        "mysql.threads.processlist_state": name(session.state),
        "mysql.session.status": statusOf(reported),
        ...statementAttributes(session.statement),
        ...timeAttributes(session, moment),
        ...waitAttributes(reported),
        ...transactionAttributes(reported),
        ...lockAttributes(reported, args),
        ...rootAttributes(roots.get(String(session.processlistId))),
        "dbintel.sample.reason": reason,
      },
    });
  }
}

/** One log record for each thing that lasts too long: whose it is and how old. */
export function addLongLasting(
  logs: LogsBuilder,
  args: Pick<QuerySampleArgs, "product" | "moment" | "observedUnixNano"> & { readonly lasting: readonly LongLasting[] },
): void {
  const { lasting, product, moment, observedUnixNano } = args;
  for (const { event, of, ageMicros, limitMs } of lasting) {
    logs.record({
      timeUnixNano: moment.micros * 1000n,
      observedTimeUnixNano: observedUnixNano,
      eventName: event,
      attributes: {
        "db.system.name": product,
        ...sessionAttributes(of.id, of.session, product),
        "mysql.threads.processlist_state": name(of.session.state),
        ...transactionAttributes(of),
        "dbintel.age": Number(ageMicros) / 1e6,
        "dbintel.age.limit": limitMs / 1000,
      },
    });
  }
}

function sessionAttributes(id: string, session: Session, product: Product): Record<string, AnyValue | undefined> {
  const shown = shownText(session, product);
  return {
    "db.namespace": name(namespaceOf(session)),
    "db.query.text": shown?.text,
    "dbintel.query.text.truncated": shown?.truncated === true ? true : undefined,
    "user.name": name(session.user),
    "client.address": name(session.host),
    "network.peer.address": name(session.host),
    "mysql.threads.thread_id": session.threadId,
    "mysql.session.id": BigInt(session.processlistId),
    "dbintel.session.id": id,
  };
}

function statementAttributes(statement: StatementEvent | undefined): Record<string, AnyValue | undefined> {
  if (statement === undefined) return {};
  return {
    "mysql.event_id": statement.eventId,
    [`${statementPrefix}digest`]: statement.digest,
    [`${statementPrefix}timer_start`]: int64(statement.startTimer),
    [`${statementPrefix}lock_time`]: secondsOf(statement.lockPicoseconds),
    // Nothing is measured while the statement runs, and where the consumer events_statements_cpu is off.
    [`${statementPrefix}cpu_time`]: secondsOf(statement.cpuPicoseconds || undefined),
    [`${statementPrefix}rows_affected`]: int64(statement.rowsAffected),
    [`${statementPrefix}rows_sent`]: int64(statement.rowsSent),
    [`${statementPrefix}rows_examined`]: int64(statement.rowsExamined),
    [`${statementPrefix}no_index_used`]: statement.usedNoIndex,
    [`${statementPrefix}mysql_errno`]: statement.errno === 0 ? undefined : BigInt(statement.errno),
  };
}

/** How long the statement runs, or ran when it has ended; by the process list in whole seconds where nothing else tells. */
function timeAttributes(
  { statement, commandSeconds }: Session,
  { clock }: ServerMoment,
): Record<string, AnyValue | undefined> {
  const start = statement?.startTimer === undefined ? undefined : clock?.microsOf(statement.startTimer);
  return {
    [`${statementPrefix}timer_wait`]: secondsOf(statement?.waitPicoseconds) ?? commandSeconds,
    "mysql.statement.start_time": timestamp(start),
  };
}

function waitAttributes({ wait, waited }: ReportedSession): Record<string, AnyValue | undefined> {
  const longest = [...waited].toSorted(([, one], [, other]) => other - one).slice(0, mostWaits);
  return {
    ...(wait && {
      "mysql.wait_type": name(wait.name),
      "mysql.events_waits_current.timer_wait":
        wait.startTimer === undefined || wait.endTimer === undefined
          ? undefined
          : seconds(picosecondsBetween(wait.startTimer, wait.endTimer)),
      "mysql.wait.relation": name(wait.relation),
      "mysql.wait.index": name(wait.index),
    }),
    ...(longest.length > 0 && {
      "mysql.waits.names": longest.map(([event]) => name(event) ?? ""),
      "mysql.waits.seconds": longest.map(([, each]) => each),
    }),
  };
}

function transactionAttributes({ id, transaction }: ActiveSession): Record<string, AnyValue | undefined> {
  if (transaction === undefined) return {};
  return {
    "dbintel.transaction.id": `${id}/${transaction.name}`,
    "mysql.transaction.start_time": timestamp(transaction.startMicros),
    "mysql.transaction.rows_modified": int64(transaction.rowsModified),
    "mysql.transaction.rows_locked": int64(transaction.rowsLocked),
  };
}

function lockAttributes(
  { session, lock, transaction, waitingSinceMicros }: ReportedSession,
  { forest, sessionIdOf, moment }: QuerySampleArgs,
): Record<string, AnyValue | undefined> {
  if (lock === undefined) return {};
  const place = forest.blocked.get(String(session.processlistId));
  return {
    "mysql.blocking.session.ids": lock.blockers.map((blocker) => BigInt(blocker)),
    "mysql.blocking.lock.mode": name(lock.mode),
    "mysql.blocking.lock.type": name(lock.type),
    "mysql.blocking.lock.relation": name(lock.relation),
    "mysql.blocking.lock.index": name(lock.index),
    "mysql.blocking.start_time": timestamp(waitingSinceMicros),
    "mysql.blocking.wait_duration":
      waitingSinceMicros === undefined ? undefined : Number(moment.micros - waitingSinceMicros) / 1e6,
    "mysql.blocking.transaction.start_time": timestamp(transaction?.startMicros),
    "dbintel.blocking.depth": place && BigInt(place.depth),
    "dbintel.blocking.root.session.id": place && sessionIdOf(Number(place.root)),
  };
}

function rootAttributes(root: BlockingRoot | undefined): Record<string, AnyValue | undefined> {
  if (root === undefined) return {};
  return {
    "dbintel.blocking.sessions": BigInt(root.blockedSessions),
    "dbintel.blocking.seconds": root.blockedSeconds,
    "dbintel.blocking.in_cycle": root.inCycle,
  };
}

/** As the OpenTelemetry Collector's receiver has it. */
function statusOf({ session, lock, wait }: ReportedSession): "waiting" | "running" | "other" {
  if (lock !== undefined || (wait !== undefined && session.command !== "Sleep")) return "waiting";
  return session.command === "Sleep" ? "other" : "running";
}

/** The span that the session's variable or the statement's comment names. The variable is newer than a prepared text. */
function traceLink(
  session: Pick<Session, "info" | "statement">,
  product: Product,
  variable: string | undefined,
): Pick<LogRecordInit, "traceId" | "spanId" | "flags"> {
  const typed = typedText(session) ?? "";
  const trace = traceIn(variable) ?? traceIn(commentTags(typed, product).get("traceparent"));
  return trace === undefined ? {} : { traceId: trace.traceId, spanId: trace.spanId, flags: trace.sampled ? 1 : 0 };
}

function traceIn(text: string | undefined): TraceContext | undefined {
  return text === undefined ? undefined : parseTraceparent(text);
}

function name(text: string | undefined): string | undefined {
  return text === undefined || text === "" ? undefined : printable(bounded(text, longestNameBytes));
}

function secondsOf(picoseconds: bigint | undefined): number | undefined {
  return picoseconds === undefined ? undefined : seconds(picoseconds);
}

/** An attribute has a sign: what the server counts without one may be too large for it. */
function int64(value: bigint | undefined): bigint | undefined {
  return value === undefined || value >= 2n ** 63n ? undefined : value;
}

/** RFC 3339 in UTC with microseconds. */
function timestamp(micros: bigint | undefined): string | undefined {
  if (micros === undefined) return undefined;
  const whole = new Date(Number(micros / 1000n)).toISOString().slice(0, 19);
  return `${whole}.${String(micros % 1_000_000n).padStart(6, "0")}Z`;
}
