import { duration, endpointUrl, headers } from "@dbintel/config";
import { logLevels } from "@dbintel/pipeline";
import { z } from "zod";

const prometheus = z
  .strictObject({
    host: z.string().default("localhost").describe("Address to serve on. localhost means 127.0.0.1."),
    port: z.number().int().min(0).max(65_535).default(8888).describe("Port to serve on; 0 lets the system choose."),
  })
  .describe("Serve Prometheus text at /metrics.");

const pull = z.strictObject({
  pull: z.strictObject({ exporter: z.strictObject({ prometheus: prometheus.prefault({}) }) }),
});

const periodic = z.strictObject({
  periodic: z.strictObject({
    interval: duration().prefault("60s").describe("How often the metrics are sent."),
    exporter: z.strictObject({
      otlp: z
        .strictObject({
          endpoint: endpointUrl().describe("URL to send to, with its path, such as http://localhost:4318/v1/metrics."),
          headers: headers().prefault({}).describe("Headers of each request; values are secrets."),
          timeout: duration().prefault("10s").describe("How long one request may take."),
        })
        .describe("Send OTLP over HTTP."),
    }),
  }),
});

const reader = z.union([pull, periodic], {
  error: 'expected "pull" with exporter.prometheus or "periodic" with exporter.otlp',
});

/** The settings of `service.telemetry`: spelled as in the OpenTelemetry Collector. */
export const telemetrySchema = z.strictObject({
  logs: z
    .strictObject({
      level: z.enum(logLevels).default("info").describe("Lines below this level are not written."),
      encoding: z.enum(["console", "json"]).default("console").describe("Lines for people, or one JSON object each."),
    })
    .prefault({})
    .describe("The collector's own log, on the error output."),
  metrics: z
    .strictObject({
      level: z
        .enum(["none", "basic", "normal", "detailed"])
        .default("normal")
        .describe("none turns the collector's own metrics off; the other levels are the same so far."),
      readers: z
        .array(reader)
        .default([{ pull: { exporter: { prometheus: { host: "localhost", port: 8888 } } } }])
        .describe("Where the collector's own metrics go."),
    })
    .prefault({})
    .describe("The collector's own metrics."),
  resource: z
    .record(z.string(), z.string())
    .default({})
    .describe("Resource attributes of the collector's own telemetry, over service.name, .version and .instance.id."),
});

export type TelemetryConfig = z.output<typeof telemetrySchema>;
export type PrometheusConfig = z.output<typeof prometheus>;
export type PeriodicConfig = z.output<typeof periodic>["periodic"];
