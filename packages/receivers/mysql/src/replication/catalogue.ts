import type { MetricDefinition } from "@dbintel/watching";
import { auroraMetrics } from "./aurora-replicas.ts";
import { memberMetrics, memberStatistics } from "./group-replication.ts";
import { binlogMetrics, channelMetrics, sourceMetrics } from "./replication-metrics.ts";

/** Every metric that is collected of replication. */
export const replicationMetrics: readonly MetricDefinition[] = [
  ...channelMetrics,
  ...sourceMetrics,
  ...binlogMetrics,
  ...memberMetrics,
  ...memberStatistics,
  ...auroraMetrics,
];
