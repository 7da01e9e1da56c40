import type { MetricDefinition } from "@dbintel/watching";
import { canaryMetrics } from "../canary/canary-metrics.ts";
import { objectMetrics } from "../objects/catalogue.ts";
import { replicationMetrics } from "../replication/catalogue.ts";
import { errorQuery } from "./error-metrics.ts";
import { innodbQueries } from "./innodb-metrics.ts";
import type { ServerQuery } from "./server-query.ts";
import { type StatementEventSettings, statementEventMetrics, statementEventQuery } from "./statement-event-metrics.ts";
import { statusMetrics } from "./status-metrics.ts";

const queries: readonly ServerQuery[] = [...innodbQueries, errorQuery];

/** Everything that the metrics poll asks beside the server's status. */
export function serverQueries(statementEvents: StatementEventSettings): readonly ServerQuery[] {
  return [...queries, statementEventQuery(statementEvents)];
}

/** Every metric that is collected. */
export const metricDefinitions: readonly MetricDefinition[] = [
  ...statusMetrics,
  ...queries.flatMap(({ metrics }) => metrics),
  ...statementEventMetrics,
  ...objectMetrics,
  ...replicationMetrics,
  ...canaryMetrics,
];

/** Every name that the setting `metrics` takes. */
export const metricNames: readonly string[] = metricDefinitions.map(({ name }) => name).sort();
