import { attributeKey, type LogRecord } from "@dbintel/pdata";
import { parseTraceparent, type TraceContext } from "@dbintel/sql";
import type { LinkOutcome } from "../metrics.ts";

const applicationNameKey = attributeKey("postgresql.application_name");
const queryStartKey = attributeKey("postgresql.query_start");

/** The span that a session named by setting `application_name` to a traceparent. */
export function sessionTrace({ attributes }: LogRecord): TraceContext | undefined {
  const name = attributes.getString(applicationNameKey);
  return name === undefined ? undefined : parseTraceparent(name);
}

/** Links the record to the span, unless it has a trace already or its statement began too long ago. */
export function link(record: LogRecord, trace: TraceContext, maxAgeMs: number): LinkOutcome {
  if (record.traceId !== "" || record.spanId !== "") return "kept";
  if (isStale(record, maxAgeMs)) return "stale";
  record.traceId = trace.traceId;
  record.spanId = trace.spanId;
  if (trace.sampled) record.flags |= 1;
  return "linked";
}

/**
 * A session keeps the name that it was given last, so one that has long been idle names a trace that is over. What
 * does not say when its statement began is taken as fresh.
 */
function isStale(record: LogRecord, maxAgeMs: number): boolean {
  const start = record.attributes.getString(queryStartKey);
  const startMs = start === undefined ? Number.NaN : Date.parse(start);
  const recordNano = record.timeUnixNano === 0n ? record.observedTimeUnixNano : record.timeUnixNano;
  return recordNano !== 0n && Number(recordNano / 1_000_000n) - startMs > maxAgeMs;
}
