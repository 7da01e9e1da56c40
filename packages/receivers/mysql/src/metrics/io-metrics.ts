import type { MetricDefinition, MetricQuery } from "@dbintel/watching";
import type { Capabilities } from "../connection/capabilities.ts";
import { startedColumn } from "./status-metrics.ts";

/** The most tables, and the most indexes, that are reported: those that were waited for longest. */
const mostRows = 1000;
const operations = ["delete", "fetch", "insert", "update"] as const;

/** The two metrics of one summary table. */
function waits(name: string, of: string): readonly MetricDefinition[] {
  const common = { type: "counter", number: "int", enabled: true, startColumn: startedColumn } as const;
  const values = (prefix: string) =>
    operations.map((operation) => ({ column: `${prefix}_${operation}`, attributes: { operation } }));
  return [
    { ...common, name: `${name}.count`, unit: "1", description: `Waits for I/O of ${of}`, values: values("count") },
    { ...common, name: `${name}.time`, unit: "ns", description: `Time of I/O of ${of}`, values: values("time") },
  ];
}

/** Picoseconds in the table, whole nanoseconds out: both in 64 bits without a sign. */
const columns = operations
  .map((operation) => {
    const name = operation.toUpperCase();
    return `COUNT_${name} AS count_${operation}, SUM_TIMER_${name} DIV 1000 AS time_${operation}`;
  })
  .join(", ");

function query(args: { readonly table: string; readonly label: string }): string {
  return `
    SELECT OBJECT_SCHEMA AS object_schema, OBJECT_NAME AS object_name${args.label}, ${columns}
      FROM performance_schema.${args.table}
     WHERE OBJECT_SCHEMA NOT IN ('mysql', 'performance_schema', 'information_schema', 'sys')
       AND COUNT_STAR > 0
     ORDER BY SUM_TIMER_WAIT DESC
     LIMIT ${mostRows}`;
}

/** What tables and indexes were read and written. */
export const ioQueries: readonly MetricQuery<Capabilities>[] = [
  {
    name: "tables",
    dear: true,
    labels: { schema: "object_schema", table: "object_name" },
    metrics: waits("mysql.table.io.wait", "tables"),
    sql: ({ performanceSchema }) =>
      performanceSchema ? query({ table: "table_io_waits_summary_by_table", label: "" }) : undefined,
  },
  {
    name: "indexes",
    dear: true,
    labels: { schema: "object_schema", table: "object_name", index: "index_name" },
    metrics: waits("mysql.index.io.wait", "indexes"),
    sql: ({ performanceSchema }) =>
      performanceSchema
        ? query({
            table: "table_io_waits_summary_by_index_usage",
            // What was read without an index is counted under none.
            label: ", COALESCE(INDEX_NAME, 'NONE') AS index_name",
          })
        : undefined,
  },
];
