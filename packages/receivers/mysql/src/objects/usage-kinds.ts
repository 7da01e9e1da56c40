import type { MetricDefinition } from "@dbintel/watching";

/** A summary of performance_schema with a row for each table or index. */
export interface UsageKind {
  readonly name: string;
  readonly table: string;
  /** What names a row: column of ours → SQL. The first is the schema. */
  readonly keys: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly metrics: readonly MetricDefinition[];
  /** Counters: column of ours → SQL. Timers are picoseconds there and nanoseconds here. */
  readonly columns: Readonly<Record<string, string>>;
}

/** The column since when the counters of a row count. */
export const startColumn = "start";

const aggregateLabel = { "dbintel.aggregate": "aggregate" } as const;
const tableKeys = { object_schema: "OBJECT_SCHEMA", object_name: "OBJECT_NAME" } as const;
const tableLabels = { schema: "object_schema", table: "object_name", ...aggregateLabel } as const;

/** The two metrics of some columns that one attribute tells apart. `sql` is the end of a column's name there. */
function waits(args: {
  readonly name: string;
  readonly what: string;
  readonly attribute: string;
  readonly sql: Readonly<Record<string, string>>;
  readonly enabled: boolean;
  /** The OpenTelemetry Collector sends some counters as sums that may fall. */
  readonly type: "counter" | "sum";
}): Pick<UsageKind, "metrics" | "columns"> {
  const { name, what, attribute, enabled, type } = args;
  const common = { type, number: "int", enabled, startColumn } as const;
  const entries = Object.entries(args.sql);
  const values = (prefix: string) =>
    entries.map(([value, sql]) => ({ column: `${prefix}_${sql.toLowerCase()}`, attributes: { [attribute]: value } }));
  return {
    metrics: [
      { ...common, name: `${name}.count`, unit: "1", description: `Waits for ${what}`, values: values("count") },
      { ...common, name: `${name}.time`, unit: "ns", description: `Time of waits for ${what}`, values: values("time") },
    ],
    columns: Object.fromEntries(
      entries.flatMap(([, sql]) => [
        [`count_${sql.toLowerCase()}`, `COUNT_${sql}`],
        [`time_${sql.toLowerCase()}`, `SUM_TIMER_${sql} DIV 1000`],
      ]),
    ),
  };
}

const operations = { delete: "DELETE", fetch: "FETCH", insert: "INSERT", update: "UPDATE" } as const;
const io = { attribute: "operation", sql: operations, enabled: true, type: "counter" } as const;

function lockWaits(direction: "read" | "write", kinds: readonly string[]) {
  return waits({
    ...{ name: `mysql.table.lock_wait.${direction}`, what: `locks of tables to ${direction}`, attribute: "kind" },
    sql: Object.fromEntries(kinds.map((kind) => [kind, `${direction}_${kind}`.toUpperCase()])),
    ...{ enabled: false, type: "sum" },
  });
}

const readLocks = lockWaits("read", ["normal", "with_shared_locks", "high_priority", "no_insert", "external"]);
const writeLocks = lockWaits("write", ["allow_write", "concurrent_insert", "low_priority", "normal", "external"]);

/** What tables and indexes are used for. */
export const usageKinds: readonly UsageKind[] = [
  {
    ...{ name: "tables", table: "table_io_waits_summary_by_table", keys: tableKeys, labels: tableLabels },
    ...waits({ ...io, name: "mysql.table.io.wait", what: "I/O of tables" }),
  },
  {
    ...{ name: "indexes", table: "table_io_waits_summary_by_index_usage" },
    // What was read without an index is counted under none.
    keys: { ...tableKeys, index_name: "COALESCE(INDEX_NAME, 'NONE')" },
    labels: { ...tableLabels, index: "index_name" },
    ...waits({ ...io, name: "mysql.index.io.wait", what: "I/O of indexes" }),
  },
  {
    ...{ name: "table_locks", table: "table_lock_waits_summary_by_table", keys: tableKeys, labels: tableLabels },
    metrics: [...readLocks.metrics, ...writeLocks.metrics],
    columns: { ...readLocks.columns, ...writeLocks.columns },
  },
];
