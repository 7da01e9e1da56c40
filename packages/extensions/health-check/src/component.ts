import { defineExtension } from "@dbintel/pipeline";
import { healthCheckConfig } from "./config.ts";
import { HealthCheck } from "./health-check.ts";

/** The `health_check` extension of the OpenTelemetry Collector: readiness over HTTP for load balancers and Kubernetes. */
export const healthCheck = defineExtension({
  type: "health_check",
  description: "Answers over HTTP whether the collector is ready, and in what state each component is.",
  stability: "beta",
  schema: healthCheckConfig,
  listeners: ({ endpoint }) => [{ address: endpoint, guarded: false }],
  create: ({ config, host }) => new HealthCheck(config, host),
});
