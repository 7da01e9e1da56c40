/** The OpenTelemetry SDK and its readers. Loaded only when the configuration asks for metrics: the SDK is large. */
import { DbintelError } from "@dbintel/errors";
import type { Meter } from "@opentelemetry/api";
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-http";
import { PrometheusExporter } from "@opentelemetry/exporter-prometheus";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { type IMetricReader, MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import type { PeriodicConfig, PrometheusConfig, TelemetryConfig } from "./config.ts";

/** A meter with the readers that publish what it measures. */
export interface MetricsProvider {
  readonly meter: Meter;
  /** Sends what is pending where a reader sends, and closes the listeners. */
  shutdown(): Promise<void>;
}

/** Starts the readers. Rejects with `DBI_LISTEN` when a Prometheus listener cannot bind. */
export async function startMetrics(options: {
  readonly config: TelemetryConfig["metrics"];
  readonly resource: Readonly<Record<string, string>>;
  readonly scope: { readonly name: string; readonly version: string };
}): Promise<MetricsProvider> {
  const { config, resource, scope } = options;
  const listeners: { readonly exporter: PrometheusExporter; readonly config: PrometheusConfig }[] = [];
  const readers = config.readers.map((reader): IMetricReader => {
    if ("periodic" in reader) return periodicReader(reader.periodic);
    const { prometheus } = reader.pull.exporter;
    const exporter = prometheusReader(prometheus);
    listeners.push({ exporter, config: prometheus });
    return exporter;
  });
  const provider = new MeterProvider({ resource: resourceFromAttributes(resource), readers });
  try {
    for (const { exporter, config: address } of listeners) await listen(exporter, address);
  } catch (error) {
    await provider.shutdown().catch(() => {});
    throw error;
  }
  return { meter: provider.getMeter(scope.name, scope.version), shutdown: () => provider.shutdown() };
}

function prometheusReader({ host, port }: PrometheusConfig): PrometheusExporter {
  return new PrometheusExporter({
    // The exporter binds to every address when it is given none, and "localhost" may resolve to ::1 alone.
    host: host === "localhost" ? "127.0.0.1" : host,
    port,
    preventServerStart: true,
    withoutScopeInfo: true,
  });
}

async function listen(exporter: PrometheusExporter, { host, port }: PrometheusConfig): Promise<void> {
  try {
    await exporter.startServer();
  } catch (cause) {
    const reason = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
    throw new DbintelError(`cannot serve the collector's own metrics on ${host}:${port}: ${reason}`, {
      code: "DBI_LISTEN",
      hint: "set another port in service.telemetry.metrics.readers, or service.telemetry.metrics.level: none",
      cause,
    });
  }
}

function periodicReader({ interval, exporter: { otlp } }: PeriodicConfig): IMetricReader {
  const headers = Object.fromEntries(Object.entries(otlp.headers).map(([name, value]) => [name, value.reveal()]));
  return new PeriodicExportingMetricReader({
    exporter: new OTLPMetricExporter({ url: otlp.endpoint, headers, timeoutMillis: otlp.timeout }),
    exportIntervalMillis: interval,
    exportTimeoutMillis: Math.min(otlp.timeout, interval),
  });
}
