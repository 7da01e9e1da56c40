import type { MetricDefinition } from "@dbintel/watching";
import { ioQueries } from "./io-metrics.ts";
import { statusMetrics } from "./status-metrics.ts";

/** Every metric that is collected. */
export const metricDefinitions: readonly MetricDefinition[] = [
  ...statusMetrics,
  ...ioQueries.flatMap(({ metrics }) => metrics),
];

/** Metrics of the OpenTelemetry Collector's receiver that are not collected; accepted in the configuration. */
export const absentMetricNames: readonly string[] = [
  "mysql.innodb.data_file.io",
  "mysql.innodb.history_list.length",
  "mysql.innodb.operation.pending",
  "mysql.innodb.redo_log.checkpoint.age",
  "mysql.innodb.redo_log.lsn.checkpoint",
  "mysql.innodb.redo_log.lsn.current",
  "mysql.innodb.row_lock.wait.count",
  "mysql.innodb.row_lock.wait.duration.avg",
  "mysql.innodb.row_lock.wait.duration.max",
  "mysql.innodb.transaction.active.count",
  "mysql.innodb.transaction.active.duration.max",
  "mysql.replica.sql_delay",
  "mysql.replica.time_behind_source",
  "mysql.statement_event.count",
  "mysql.statement_event.wait.time",
  "mysql.table.average_row_length",
  "mysql.table.lock_wait.read.count",
  "mysql.table.lock_wait.read.time",
  "mysql.table.lock_wait.write.count",
  "mysql.table.lock_wait.write.time",
  "mysql.table.rows",
  "mysql.table.size",
];

/** Every name that the setting `metrics` takes. */
export const metricNames: readonly string[] = [
  ...new Set([...metricDefinitions.map(({ name }) => name), ...absentMetricNames]),
].sort();
