import { checks, OtlpHttp, otlpHttpConfig } from "@dbintel/otlp-http";
import { defineExporter } from "@dbintel/pipeline";

/** The `otlp_http` exporter: delivers OTLP over HTTP to any OTLP backend. */
export const otlpHttp = defineExporter({
  type: "otlp_http",
  aliases: ["otlphttp"],
  description: "Delivers telemetry to any OTLP backend over HTTP, with queue, retry and batching.",
  schema: otlpHttpConfig,
  signals: { logs: "beta", metrics: "beta", traces: "beta" },
  diagnosis: { checks, subjects: async (args) => (await import("@dbintel/otlp-http/diagnosis")).subjects(args) },
  create: (args) => new OtlpHttp(args),
});
