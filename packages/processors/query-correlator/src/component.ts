import { defineProcessor } from "@dbintel/pipeline";
import { queryCorrelatorConfig } from "./config.ts";
import { correlations } from "./correlation.ts";
import { LogCorrelator } from "./log-correlator.ts";
import { MetricCorrelator } from "./metric-correlator.ts";
import { CorrelatorMetrics } from "./metrics.ts";
import { SpanCorrelator } from "./span-correlator.ts";

/**
 * The processor `query_correlator`: joins statements with their tables, their load, their sessions and the traces of
 * applications. Its instances in the pipelines of one collector share what they know by their id.
 */
export const queryCorrelator = defineProcessor({
  type: "query_correlator",
  aliases: ["querycorrelator"],
  description:
    "Joins statements with their tables, their share of the load, their sessions and the spans of applications.",
  signals: { logs: "beta", metrics: "beta", traces: "beta" },
  schema: queryCorrelatorConfig,
  create: ({ id, config, host, signal, next }) => {
    const args = {
      correlation: host.shared(correlations).of(id, config),
      metrics: new CorrelatorMetrics(host, id),
      host,
    };
    switch (signal) {
      case "logs":
        return new LogCorrelator({ ...args, next });
      case "metrics":
        return new MetricCorrelator({ ...args, next });
      case "traces":
        return new SpanCorrelator({ ...args, next });
    }
  },
});
