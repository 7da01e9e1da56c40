/** The exporter of OTLP; loaded only when the configuration asks for it. */
import { DbintelError, networkFailure } from "@dbintel/errors";
import type { Logger } from "@dbintel/pipeline";
import { AggregationTemporalityPreference, OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-http";
import { PeriodicExportingMetricReader, type PushMetricExporter } from "@opentelemetry/sdk-metrics";
import type { OtlpSettings } from "./config.ts";

const temporalities = {
  cumulative: AggregationTemporalityPreference.CUMULATIVE,
  delta: AggregationTemporalityPreference.DELTA,
  low_memory: AggregationTemporalityPreference.LOWMEMORY,
} as const;

type Compression = NonNullable<NonNullable<ConstructorParameters<typeof OTLPMetricExporter>[0]>["compression"]>;

/** A reader that sends OTLP over HTTP every interval. A failed export is logged; the next one carries newer sums. */
export function periodicReader(settings: OtlpSettings, logger: Logger): PeriodicExportingMetricReader {
  const { otlp } = settings.exporter;
  const url = metricsUrl(otlp.endpoint);
  const exporter = new OTLPMetricExporter({
    url: url.href,
    headers: Object.fromEntries(Object.entries(otlp.headers).map(([name, value]) => [name, value.reveal()])),
    timeoutMillis: otlp.timeout,
    compression: otlp.compression as Compression,
    temporalityPreference: temporalities[otlp.temporality_preference],
  });
  return new PeriodicExportingMetricReader({
    exporter: logged(exporter, `${url.origin}${url.pathname}`, logger),
    exportIntervalMillis: settings.interval,
    // The SDK refuses a timeout that is longer than the interval.
    exportTimeoutMillis: Math.min(settings.timeout, settings.interval),
  });
}

/** The path of the signal where the endpoint has none (OTLP 1.11, exporter configuration). */
function metricsUrl(endpoint: string): URL {
  const url = new URL(endpoint);
  if (url.pathname === "/") url.pathname = "/v1/metrics";
  return url;
}

/** The SDK reports a failed export to a handler that the whole process shares; here it goes to our own log. */
function logged(exporter: OTLPMetricExporter, endpoint: string, logger: Logger): PushMetricExporter {
  return {
    export: (metrics, report) =>
      exporter.export(metrics, (result) => {
        if (result.error !== undefined) {
          logger.warn({ endpoint, error: failure(result.error) }, "own metrics were not sent");
        }
        report(result);
      }),
    forceFlush: () => exporter.forceFlush(),
    shutdown: () => exporter.shutdown(),
    selectAggregation: (type) => exporter.selectAggregation(type),
    selectAggregationTemporality: (type) => exporter.selectAggregationTemporality(type),
  };
}

/** The SDK's errors carry the status of an answer as a number, the system's a name; where in the SDK tells nobody anything. */
function failure(error: Error): DbintelError {
  const { text, hint } = networkFailure(error);
  const code = "DBI_UNAVAILABLE";
  if (!("code" in error) || typeof error.code !== "number") return new DbintelError(text, { code, hint });
  const answered = `the endpoint answered ${error.code}: ${text}`;
  return new DbintelError(answered, { code, hint: "check the endpoint, its path and the headers" });
}
