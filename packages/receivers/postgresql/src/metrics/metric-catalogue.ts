import type { MetricDefinition } from "@dbintel/watching";
import { objectMetrics } from "../objects/catalogue.ts";
import { poolQueries } from "../pools/pool-metrics.ts";
import { queryMetricDefinitions } from "../statements/query-metrics.ts";
import type { MetricQuery } from "./metric-definition.ts";
import { activityQueries } from "./metrics-activity.ts";
import { databaseQueries, sizeQuery } from "./metrics-database.ts";
import { horizonQueries } from "./metrics-horizon.ts";
import { ioQueries } from "./metrics-io.ts";
import { replicationQueries } from "./metrics-replication.ts";
import { serverQueries } from "./metrics-server.ts";
import { walQueries } from "./metrics-wal.ts";

/** Everything that the metrics poller asks. */
export const metricQueries: readonly MetricQuery[] = [
  ...databaseQueries,
  ...serverQueries,
  ...activityQueries,
  ...replicationQueries,
  ...walQueries,
  ...ioQueries,
  ...horizonQueries,
];

/** Every metric that is collected. */
export const metricDefinitions: readonly MetricDefinition[] = [
  ...[...metricQueries, sizeQuery].flatMap((query) => query.metrics),
  ...objectMetrics,
  ...poolQueries.flatMap(({ metrics }) => metrics),
  ...queryMetricDefinitions,
];

/** Metrics of the OpenTelemetry Collector's receiver that are not collected; accepted in the configuration. */
export const absentMetricNames: readonly string[] = [
  "postgresql.vector.insert.duration",
  "postgresql.vector.insert.rows",
  "postgresql.vector.search.calls",
  "postgresql.vector.search.duration",
  "postgresql.vector.search.rows_returned",
];

/** Every name that the setting `metrics` takes. */
export const metricNames: readonly string[] = [
  ...new Set([...metricDefinitions.map(({ name }) => name), ...absentMetricNames]),
].sort();
