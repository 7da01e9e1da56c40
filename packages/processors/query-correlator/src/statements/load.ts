import { type AttributeKey, attributeKey, attributeKeys, type LogRecord } from "@dbintel/pdata";

/** Where a receiver puts the differences of a statement's counters: seconds, and how often it ran. */
const counters: readonly { readonly time: AttributeKey; readonly calls: AttributeKey }[] = [
  { time: attributeKey("postgresql.total_exec_time"), calls: attributeKey("postgresql.calls") },
  {
    time: attributeKey("mysql.events_statements_summary_by_digest.sum_timer_wait"),
    calls: attributeKey("mysql.events_statements_summary_by_digest.count_star"),
  },
  { time: attributeKey("sqlserver.total_elapsed_time"), calls: attributeKey("sqlserver.execution_count") },
];

/** The attributes that only records with counters have. */
export const callNames: readonly string[] = counters.map(({ calls }) => calls.name);
const callKeys = attributeKeys(callNames);

const namespaceKey = attributeKey("db.namespace");
const kindKey = attributeKey("dbintel.delta.kind");
const startKey = attributeKey("dbintel.interval.start_time_unix_nano");

/** What a record of `db.server.top_query` says of the time its statement took. */
export interface Load {
  readonly seconds: number;
  /** Seconds per execution, where it was executed. */
  readonly mean: number | undefined;
  /** Executing sessions on average over the interval, where the record says how long that is. */
  readonly sessions: number | undefined;
  /** The record sums the statements of a database that have none of their own. */
  readonly other: boolean;
  /** Loads of the same database in the same interval have the same. */
  readonly group: string;
}

/**
 * `undefined` when the record has no counters. A query sample is not taken for one: it has
 * `postgresql.total_exec_time`, in milliseconds, but no number of calls.
 */
export function loadOf(record: LogRecord): Load | undefined {
  const { attributes } = record;
  const source = counters[attributes.firstOf(callKeys)];
  if (source === undefined) return undefined;
  const executions = attributes.getNumber(source.calls) ?? 0;
  const seconds = attributes.getNumber(source.time);
  if (seconds === undefined || !Number.isFinite(seconds) || seconds < 0) return undefined;
  return {
    seconds,
    mean: executions > 0 ? seconds / executions : undefined,
    sessions: sessionsOf(record, seconds),
    other: attributes.getString(kindKey) === "other",
    group: JSON.stringify([
      record.resource.ordinal,
      attributes.getString(namespaceKey) ?? "",
      String(record.timeUnixNano),
    ]),
  };
}

function sessionsOf({ attributes, timeUnixNano }: LogRecord, seconds: number): number | undefined {
  const start = attributes.getInt(startKey);
  if (start === undefined || start >= timeUnixNano) return undefined;
  return seconds / (Number(timeUnixNano - start) / 1e9);
}
