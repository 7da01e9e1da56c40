import { defineExporter } from "@dbintel/pipeline";
import { prometheusConfig } from "./config.ts";
import { PrometheusExporter } from "./prometheus.ts";

/** The `prometheus` exporter: serves metrics for Prometheus to scrape. */
export const prometheus = defineExporter({
  type: "prometheus",
  description: "Serves the last value of each metric for Prometheus to scrape.",
  schema: prometheusConfig,
  signals: { metrics: "beta" },
  listeners: ({ endpoint, tls, auth }) => [{ address: endpoint, guarded: tls !== undefined || auth !== undefined }],
  create: (args) => new PrometheusExporter(args),
});
