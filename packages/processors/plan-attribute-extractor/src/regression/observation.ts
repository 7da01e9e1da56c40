import { type AttributeKey, attributeKey, attributeKeys, type LogRecord } from "@dbintel/pdata";

/** Executions that a record tells of. */
export interface Executions {
  readonly calls: number;
  readonly meanMs: number;
  readonly rowsPerCall: number | undefined;
  readonly blocksReadPerCall: number | undefined;
}

/** How a receiver names the differences of a statement's counters over an interval; times are seconds. */
interface CounterNames {
  readonly calls: AttributeKey;
  readonly seconds: AttributeKey;
  readonly rows: AttributeKey | undefined;
  readonly blocksRead: AttributeKey | undefined;
}

/** `db.server.top_query` of this collector and of the OpenTelemetry Collector's receivers. */
const sources: readonly CounterNames[] = [
  {
    calls: attributeKey("postgresql.calls"),
    seconds: attributeKey("postgresql.total_exec_time"),
    rows: attributeKey("postgresql.rows"),
    blocksRead: attributeKey("postgresql.shared_blks_read"),
  },
  {
    calls: attributeKey("mysql.events_statements_summary_by_digest.count_star"),
    seconds: attributeKey("mysql.events_statements_summary_by_digest.sum_timer_wait"),
    rows: attributeKey("mysql.events_statements_summary_by_digest.returned_rows"),
    blocksRead: undefined,
  },
];

/** A record without all of these tells of no executions. */
export const callsKeys = attributeKeys(sources.map(({ calls }) => calls.name));

/** The executions of an interval, when the record has the counters of a statement. */
export function executionsOf({ attributes }: LogRecord): Executions | undefined {
  const source = sources[attributes.firstOf(callsKeys)];
  if (source === undefined) return undefined;
  const calls = attributes.getNumber(source.calls);
  const seconds = attributes.getNumber(source.seconds);
  if (calls === undefined || seconds === undefined || !(calls > 0)) return undefined;
  const each = (key: AttributeKey | undefined) => {
    const total = key === undefined ? undefined : attributes.getNumber(key);
    return total === undefined ? undefined : total / calls;
  };
  return {
    calls,
    meanMs: (1000 * seconds) / calls,
    rowsPerCall: each(source.rows),
    blocksReadPerCall: each(source.blocksRead),
  };
}
