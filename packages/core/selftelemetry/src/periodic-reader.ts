/** The exporter of OTLP; loaded only when the configuration asks for it. */
import { DbintelError, networkFailure } from "@dbintel/errors";
import type { Logger } from "@dbintel/pipeline";
import { AggregationTemporalityPreference, OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-http";
import {
  type InstrumentType,
  PeriodicExportingMetricReader,
  type PushMetricExporter,
} from "@opentelemetry/sdk-metrics";
import type { OtlpSettings } from "./config.ts";

const temporalities = {
  cumulative: AggregationTemporalityPreference.CUMULATIVE,
  delta: AggregationTemporalityPreference.DELTA,
  low_memory: AggregationTemporalityPreference.LOWMEMORY,
} as const;

type Compression = NonNullable<NonNullable<ConstructorParameters<typeof OTLPMetricExporter>[0]>["compression"]>;

/** `ExportResultCode.FAILED` of `@opentelemetry/core`. */
const failed = 1;
/** What the last export may take, all attempts together: whoever stops the collector waits for it. */
const lastExportMs = 1500;

/**
 * A reader that sends OTLP over HTTP every interval. A failed export is logged; the next one carries newer sums. That of
 * the end is given 1.5 s.
 */
export function periodicReader(settings: OtlpSettings, logger: Logger): PeriodicExportingMetricReader {
  const { otlp } = settings.exporter;
  const url = metricsUrl(otlp.endpoint);
  const exporterWithin = (timeoutMillis: number) =>
    new OTLPMetricExporter({
      url: url.href,
      headers: Object.fromEntries(Object.entries(otlp.headers).map(([name, value]) => [name, value.reveal()])),
      timeoutMillis,
      compression: otlp.compression as Compression,
      temporalityPreference: temporalities[otlp.temporality_preference],
    });
  const endpoint = `${url.origin}${url.pathname}`;
  const exporter = new EndingExporter({
    usual: exporterWithin(otlp.timeout),
    last: exporterWithin(Math.min(lastExportMs, otlp.timeout)),
    // The SDK reports a failed export to a handler that the whole process shares; here it goes to our own log.
    onFailure: (error) => logger.warn({ endpoint, error: failure(error) }, "own metrics were not sent"),
  });
  return new EndingReader(exporter, {
    exportIntervalMillis: settings.interval,
    // The SDK refuses a timeout that is longer than the interval.
    exportTimeoutMillis: Math.min(settings.timeout, settings.interval),
  });
}

/** At its end it waits for no export that is under way, and makes the last one with an exporter that gives up sooner. */
class EndingExporter implements PushMetricExporter {
  #current: OTLPMetricExporter;
  readonly #last: OTLPMetricExporter;
  readonly #onFailure: (error: Error) => void;
  /** Gives up the export that is under way. */
  #leave = () => {};

  constructor(args: {
    readonly usual: OTLPMetricExporter;
    readonly last: OTLPMetricExporter;
    readonly onFailure: (error: Error) => void;
  }) {
    this.#current = args.usual;
    this.#last = args.last;
    this.#onFailure = args.onFailure;
  }

  /** What comes after is the last export. */
  end(): void {
    this.#current = this.#last;
    this.#leave();
  }

  export(...[metrics, report]: Parameters<PushMetricExporter["export"]>): void {
    let open = true;
    const settle: typeof report = (result) => {
      if (!open) return;
      open = false;
      if (result.error !== undefined) this.#onFailure(result.error);
      report(result);
    };
    this.#leave = () => settle({ code: failed, error: new Error("no answer before the end") });
    this.#current.export(metrics, settle);
  }

  forceFlush(): Promise<void> {
    return this.#current.forceFlush();
  }

  shutdown(): Promise<void> {
    return this.#current.shutdown();
  }

  selectAggregation(type: InstrumentType) {
    return this.#current.selectAggregation(type);
  }

  selectAggregationTemporality(type: InstrumentType) {
    return this.#current.selectAggregationTemporality(type);
  }
}

class EndingReader extends PeriodicExportingMetricReader {
  readonly #exporter: EndingExporter;

  constructor(
    exporter: EndingExporter,
    settings: Omit<ConstructorParameters<typeof PeriodicExportingMetricReader>[0], "exporter">,
  ) {
    super({ ...settings, exporter });
    this.#exporter = exporter;
  }

  protected override async onShutdown(): Promise<void> {
    this.#exporter.end();
    await super.onShutdown();
  }
}

/** The path of the signal where the endpoint has none (OTLP 1.11, exporter configuration). */
function metricsUrl(endpoint: string): URL {
  const url = new URL(endpoint);
  if (url.pathname === "/") url.pathname = "/v1/metrics";
  return url;
}

/** The SDK's errors carry the status of an answer as a number, the system's a name; where in the SDK tells nobody anything. */
function failure(error: Error): DbintelError {
  const { text, hint } = networkFailure(error);
  const code = "DBI_UNAVAILABLE";
  if (!("code" in error) || typeof error.code !== "number") return new DbintelError(text, { code, hint });
  const answered = `the endpoint answered ${error.code}: ${text}`;
  return new DbintelError(answered, { code, hint: "check the endpoint, its path and the headers" });
}
