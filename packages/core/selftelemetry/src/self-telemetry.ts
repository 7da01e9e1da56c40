import type { BuildInfo, Clock, Logger, LogLevel, Random, RunningComponent } from "@dbintel/pipeline";
import { createNoopMeter, type Meter } from "@opentelemetry/api";
import type { TelemetryConfig } from "./config.ts";
import { createLogger } from "./logger.ts";
import { ownResource } from "./resource.ts";

/** What the collector says about itself. */
export interface SelfTelemetry extends AsyncDisposable {
  readonly logger: Logger;
  /** Lines below it are not written. */
  logLevel: LogLevel;
  /** For the components; does nothing where metrics are off. */
  readonly meter: Meter;
  /** Where Prometheus text is served, `host:port` each, in the order of the readers. */
  readonly endpoints: readonly string[];
  /** Publishes the ledgers and states of these components, until the returned function is called. */
  observe(components: () => readonly RunningComponent[]): () => void;
  /** What the first Prometheus listener would serve; `undefined` where there is none. */
  metricsText(): Promise<string | undefined>;
  /** Sends what is pending, closes the listeners, says which lines were left out. */
  stop(): Promise<void>;
}

export interface SelfTelemetryOptions {
  readonly config: TelemetryConfig;
  readonly build: BuildInfo;
  readonly clock: Clock;
  readonly random: Random;
  /** Where the log goes. */
  readonly output: { write(text: string): unknown; readonly isTTY?: boolean };
}

/**
 * Starts the collector's own log and metrics. Rejects with `DBI_LISTEN` when a Prometheus listener cannot bind.
 * The OpenTelemetry SDK, pino and the exporter of OTLP are each loaded only when the configuration asks for them.
 */
export async function startSelfTelemetry(options: SelfTelemetryOptions): Promise<SelfTelemetry> {
  const { config, build, clock, random, output } = options;
  const logger = await createLogger({
    settings: config.logs,
    clock,
    write: (text) => void output.write(text),
    // https://no-color.org
    colour: output.isTTY === true && !process.env.NO_COLOR,
  });
  const metrics = await metricsOf({ config, build, clock, random, logger });
  const stop = async () => {
    await metrics.stop();
    await logger.flush();
  };
  return {
    ...metrics,
    logger,
    get logLevel() {
      return logger.level;
    },
    set logLevel(level) {
      logger.level = level;
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

type Metrics = Pick<SelfTelemetry, "meter" | "endpoints" | "observe" | "metricsText" | "stop">;

async function metricsOf(
  options: Omit<SelfTelemetryOptions, "output"> & { readonly logger: Logger },
): Promise<Metrics> {
  const { config, build, clock, random, logger } = options;
  if (config.metrics.level === "none" || config.metrics.readers.length === 0) {
    return {
      ...{ meter: createNoopMeter(), endpoints: [] },
      ...{ observe: () => () => {}, metricsText: async () => undefined, stop: async () => {} },
    };
  }
  const { startMetrics } = await import("./metrics-provider.ts");
  return startMetrics({
    readers: config.metrics.readers,
    resource: ownResource({ build, random, configured: config.resource }),
    build,
    clock,
    logger,
  });
}
