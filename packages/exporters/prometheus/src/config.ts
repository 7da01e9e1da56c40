import { hostPort, positiveDuration } from "@dbintel/config";
import { authSettings } from "@dbintel/pipeline";
import { serverTlsSettings } from "@dbintel/pipeline/listen";
import { z } from "zod";

const label = z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/, { error: "is not the name of a label" });

/** Keys and meaning are those of the OpenTelemetry Collector's exporter, which has no bound on its series. */
export const prometheusConfig = z.strictObject({
  endpoint: hostPort()
    .prefault("localhost:8889")
    .describe("Address to listen on. localhost means 127.0.0.1; an empty host means every address."),
  path: z
    .string()
    .regex(/^\/[^?#]*$/, { error: 'expected a path that begins with "/"' })
    .default("/metrics")
    .describe("Path that answers with the metrics."),
  tls: serverTlsSettings.optional(),
  auth: authSettings.optional(),
  namespace: z.string().default("").describe("Word before each name, with an underscore between."),
  const_labels: z.record(label, z.string()).default({}).describe("Labels that each series gets."),
  send_timestamps: z.boolean().default(false).describe("Tell when each value was measured."),
  metric_expiration: positiveDuration()
    .prefault("5m")
    .describe("A series that got no new value for this long is served no more."),
  max_series: z
    .number()
    .int()
    .positive()
    .max(10_000_000)
    .default(100_000)
    .describe("Series that are kept; points of further ones are dropped until others expire."),
  enable_open_metrics: z.boolean().default(false).describe("Answer in OpenMetrics who asks for it."),
  add_metric_suffixes: z.boolean().default(true).describe("End names in their unit, and those of counters in _total."),
  without_scope_info: z
    .boolean()
    .default(false)
    .describe("Leave the labels otel_scope_name and otel_scope_version out."),
  resource_to_telemetry_conversion: z
    .strictObject({ enabled: z.boolean().default(false).describe("Whether they do.") })
    .prefault({})
    .describe("Attributes of the resource become labels of each series, instead of those of target_info."),
});

export type PrometheusConfig = z.output<typeof prometheusConfig>;
