import { defineConnector } from "@dbintel/pipeline";
import { failoverConfig } from "./config.ts";
import { FailoverConnector } from "./failover.ts";

/** The `failover` connector of the OpenTelemetry Collector: pipelines in the order in which they are tried. */
export const failover = defineConnector({
  type: "failover",
  description: "Hands each batch to the first level of pipelines that takes it, and goes back when a better one works.",
  signals: { logs: { logs: "beta" }, metrics: { metrics: "beta" }, traces: { traces: "beta" } },
  schema: failoverConfig,
  create: (args) => new FailoverConnector(args),
});
