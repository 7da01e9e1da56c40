import { duration, endpointUrl, headers, type Listener, secret, unsupported, withoutEffect } from "@dbintel/config";
import { type LogLevel, logLevels } from "@dbintel/pipeline";
import { z } from "zod";

const samplingSettings = z.strictObject({
  enabled: z.boolean().default(true).describe("Whether identical lines are thinned out."),
  tick: duration().prefault("10s").describe("The interval in which identical lines are counted."),
  initial: z.number().int().positive().default(10).describe("How many identical lines of an interval are written."),
  thereafter: z
    .number()
    .int()
    .nonnegative()
    .default(100)
    .describe("After those, every how-manieth is written; 0 writes none."),
});

const logSettings = z.strictObject({
  level: z
    .enum([...logLevels, "DEBUG", "INFO", "WARN", "ERROR"])
    .transform((level) => level.toLowerCase() as LogLevel)
    .prefault("info")
    .describe("Lines below this level are not written."),
  encoding: z
    .enum(["console", "json"])
    .default("console")
    .describe("console: lines for people; json: one JSON object a line."),
  sampling: samplingSettings
    .prefault({})
    .describe("Keeps a failure that repeats from filling the disk; what was left out is counted and said."),
  initial_fields: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
    .default({})
    .describe("Fields that every line carries."),
  development: withoutEffect("the logger has one mode"),
  disable_caller: withoutEffect("lines do not say where in the code they were written"),
  disable_stacktrace: withoutEffect("a defect alone is logged with its stack"),
  output_paths: unsupported("the collector logs to stderr; redirect it where the collector is started"),
  error_output_paths: unsupported("the collector logs to stderr; redirect it where the collector is started"),
  processors: unsupported("the collector's own logs are not exported; collect them from stderr"),
});

const prometheusSettings = z.strictObject({
  host: z.string().min(1).default("localhost").describe("Address to listen on. localhost means 127.0.0.1."),
  port: z.int().min(0).max(65_535).default(8888).describe("Port to listen on; 0 lets the system choose."),
  without_scope_info: z.boolean().default(true).describe("Leave out the labels otel_scope_*."),
  without_type_suffix: z.boolean().default(true).describe("Do not append _total to the names of counters."),
  without_units: z
    .literal(true, { error: "names never carry a unit beyond their own; remove the key" })
    .default(true)
    .describe("Do not append units to names."),
});

const otlpSettings = z.strictObject({
  protocol: z
    .enum(["http/json", "http/protobuf"], {
      error: "own metrics go out over OTLP/HTTP: use http/protobuf or http/json, and the destination's port for it",
    })
    .default("http/json")
    .describe("OTLP over HTTP. The body is JSON for both, which every OTLP/HTTP receiver takes."),
  endpoint: endpointUrl()
    .default("http://localhost:4318")
    .describe("URL of the destination; without a path, /v1/metrics is appended."),
  headers: z
    .union([
      headers(),
      z
        .array(z.strictObject({ name: z.string().min(1), value: secret() }))
        .transform((list) => Object.fromEntries(list.map(({ name, value }) => [name, value]))),
    ])
    .default({})
    .describe("Headers of each request, by name, or as a list of name and value."),
  compression: z.enum(["gzip", "none"]).default("none").describe("How the body is compressed."),
  timeout: duration().prefault("10s").describe("How long one request may take."),
  temporality_preference: z
    .enum(["cumulative", "delta", "low_memory"])
    .default("cumulative")
    .describe("Whether sums say what happened since the start or since the last export."),
});

/** otelconf writes milliseconds as bare numbers. */
const interval = () =>
  z.union([z.number().positive(), duration()], { error: "expected milliseconds, or a duration such as 60s" });

const pullReader = z.strictObject({
  pull: z.strictObject({ exporter: z.strictObject({ prometheus: prometheusSettings }) }),
});
const periodicReader = z.strictObject({
  periodic: z.strictObject({
    interval: interval().default(60_000).describe("How often metrics are sent: milliseconds or a duration."),
    timeout: interval().default(30_000).describe("How long collecting and sending may take."),
    exporter: z.strictObject({ otlp: otlpSettings }),
  }),
});

const metricSettings = z.strictObject({
  level: z
    .enum(["none", "basic", "normal", "detailed"])
    .default("normal")
    .describe("none turns the collector's own metrics off; the other levels are the same here."),
  readers: z
    .array(z.union([pullReader, periodicReader]))
    .default([{ pull: { exporter: { prometheus: prometheusSettings.parse({}) } } }])
    .describe("Where the metrics go: Prometheus text that is pulled, OTLP that is sent."),
  address: unsupported("it is deprecated; use readers with pull.exporter.prometheus.host and port"),
  views: unsupported("remove the key"),
});

/** The settings `service.telemetry`: the collector's own logs and metrics, keys and defaults of the OpenTelemetry Collector. */
export const telemetrySchema = z.strictObject({
  resource: z
    .record(z.string(), z.union([z.string(), z.null()]))
    .default({})
    .describe(
      "Resource attributes of the collector's own telemetry; null removes one of service.name, service.version and service.instance.id.",
    ),
  logs: logSettings.prefault({}).describe("The collector's own logs, written to stderr."),
  metrics: metricSettings.prefault({}).describe("The collector's own metrics."),
  traces: unsupported("the collector makes no traces of itself; remove the key"),
});

export type TelemetryConfig = z.output<typeof telemetrySchema>;

/** What serves the collector's own metrics with these settings. */
export function telemetryListeners({ metrics: { level, readers } }: TelemetryConfig): readonly Listener[] {
  if (level === "none") return [];
  return readers.flatMap((reader) => ("pull" in reader ? [{ address: reader.pull.exporter.prometheus }] : []));
}

export type LogSettings = TelemetryConfig["logs"];
export type MetricSettings = TelemetryConfig["metrics"];
export type SamplingSettings = z.output<typeof samplingSettings>;
export type PrometheusSettings = z.output<typeof prometheusSettings>;
export type OtlpSettings = z.output<typeof periodicReader>["periodic"];
