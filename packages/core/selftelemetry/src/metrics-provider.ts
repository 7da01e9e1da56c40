/** The OpenTelemetry SDK and its readers; loaded only when the configuration asks for metrics, for the SDK is large. */
import type { BuildInfo, Clock, Logger, RunningComponent } from "@dbintel/pipeline";
import type { Meter } from "@opentelemetry/api";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { type IMetricReader, MeterProvider } from "@opentelemetry/sdk-metrics";
import { observeComponents } from "./component-metrics.ts";
import type { MetricSettings } from "./config.ts";
import { observeProcess } from "./process-metrics.ts";
import { PrometheusListener } from "./prometheus-listener.ts";
import { PullReader } from "./pull-reader.ts";

/** Everything that measures and everything that publishes it. */
export interface RunningMetrics {
  readonly meter: Meter;
  readonly endpoints: readonly string[];
  observe(components: () => readonly RunningComponent[]): () => void;
  metricsText(): Promise<string | undefined>;
  stop(): Promise<void>;
}

/** Starts the readers. Rejects with `DBI_LISTEN` when a Prometheus listener cannot bind. */
export async function startMetrics(options: {
  readonly readers: MetricSettings["readers"];
  readonly resource: Readonly<Record<string, string>>;
  readonly build: BuildInfo;
  readonly clock: Clock;
  readonly logger: Logger;
}): Promise<RunningMetrics> {
  const { build, clock, logger } = options;
  const listeners: PrometheusListener[] = [];
  const readers: IMetricReader[] = [];
  for (const settings of options.readers) {
    if ("pull" in settings) {
      const reader = new PullReader();
      listeners.push(new PrometheusListener({ reader, settings: settings.pull.exporter.prometheus, logger }));
      readers.push(reader);
    } else {
      const { periodicReader } = await import("./periodic-reader.ts");
      readers.push(periodicReader(settings.periodic, logger));
    }
  }
  const provider = new MeterProvider({ resource: resourceFromAttributes(options.resource), readers });
  const meter = provider.getMeter(build.name, build.version);
  const stopProcess = observeProcess(meter, clock);
  const stop = async () => {
    // The provider first: its last export still sees the process and the components.
    await provider.shutdown().catch((error: unknown) => logger.warn({ error }, "own metrics were not sent at the end"));
    await Promise.all(listeners.map((listener) => listener.close()));
    stopProcess();
  };
  try {
    const endpoints = await Promise.all(listeners.map((listener) => listener.listen()));
    for (const endpoint of endpoints) logger.info({ endpoint }, "serving the collector's own metrics");
    return {
      ...{ meter, endpoints, stop },
      observe: (components) => observeComponents(meter, components),
      metricsText: async () => listeners[0]?.text(),
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
