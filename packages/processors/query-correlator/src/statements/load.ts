import { type AttributeKey, attributeKey, attributeKeys, type LogRecord } from "@dbintel/pdata";
import type { StatementCounters } from "@dbintel/waits";

/** How a receiver names the differences of a statement's counters over an interval; times are seconds. */
interface CounterNames {
  readonly calls: AttributeKey;
  readonly seconds: AttributeKey;
  readonly rowsReturned: AttributeKey;
  /** Where rows that were changed are counted apart from those that were returned. */
  readonly rowsChanged?: AttributeKey;
  readonly rowsExamined?: AttributeKey;
  /** Executions that read a whole table, and those that looked for an index anew for each row. */
  readonly noIndexCalls?: AttributeKey;
  readonly noGoodIndexCalls?: AttributeKey;
  readonly fullJoins?: AttributeKey;
  readonly temporaryDiskTables?: AttributeKey;
  /** Blocks of 8 KiB that were written to temporary files. */
  readonly temporaryBlocks?: AttributeKey;
}

const digest = "mysql.events_statements_summary_by_digest";

/** `db.server.top_query` of this collector and of the OpenTelemetry Collector's receivers. */
const sources: readonly CounterNames[] = [
  {
    calls: attributeKey("postgresql.calls"),
    seconds: attributeKey("postgresql.total_exec_time"),
    rowsReturned: attributeKey("postgresql.rows"),
    temporaryBlocks: attributeKey("postgresql.temp_blks_written"),
  },
  {
    calls: attributeKey(`${digest}.count_star`),
    seconds: attributeKey(`${digest}.sum_timer_wait`),
    rowsReturned: attributeKey(`${digest}.returned_rows`),
    rowsChanged: attributeKey(`${digest}.sum_rows_affected`),
    rowsExamined: attributeKey(`${digest}.examined_rows`),
    noIndexCalls: attributeKey(`${digest}.sum_no_index_used`),
    noGoodIndexCalls: attributeKey(`${digest}.sum_no_good_index_used`),
    fullJoins: attributeKey(`${digest}.sum_select_full_join`),
    temporaryDiskTables: attributeKey(`${digest}.sum_created_tmp_disk_tables`),
  },
  {
    calls: attributeKey("sqlserver.execution_count"),
    seconds: attributeKey("sqlserver.total_elapsed_time"),
    rowsReturned: attributeKey("sqlserver.total_rows"),
  },
];

/** The attributes that only records with counters have. */
export const callNames: readonly string[] = sources.map(({ calls }) => calls.name);
const callKeys = attributeKeys(callNames);

const namespaceKey = attributeKey("db.namespace");
const kindKey = attributeKey("dbintel.delta.kind");
const startKey = attributeKey("dbintel.interval.start_time_unix_nano");
const blockBytes = 8192;

/** What a record of `db.server.top_query` says of an interval of its statement. */
export interface Load {
  readonly counters: StatementCounters;
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
  const source = sources[attributes.firstOf(callKeys)];
  if (source === undefined) return undefined;
  const number = (key: AttributeKey | undefined) => key && attributes.getNumber(key);
  const calls = number(source.calls);
  const seconds = number(source.seconds);
  if (calls === undefined || seconds === undefined || !Number.isFinite(seconds) || seconds < 0) return undefined;
  const blocks = number(source.temporaryBlocks);
  const [returned, changed] = [number(source.rowsReturned), number(source.rowsChanged)];
  return {
    counters: {
      calls,
      seconds,
      rowsReturned: returned === undefined ? changed : returned + (changed ?? 0),
      rowsExamined: number(source.rowsExamined),
      noIndexCalls: number(source.noIndexCalls),
      noGoodIndexCalls: number(source.noGoodIndexCalls),
      fullJoins: number(source.fullJoins),
      temporaryDiskTables: number(source.temporaryDiskTables),
      temporaryBytes: blocks && blocks * blockBytes,
    },
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
