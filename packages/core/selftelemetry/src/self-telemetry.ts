import type { BuildInfo, Clock, Logger, Random, RunningComponent } from "@dbintel/pipeline";
import { jsonLogger } from "@dbintel/pipeline";
import { createNoopMeter, type Meter } from "@opentelemetry/api";
import { observeComponents } from "./component-metrics.ts";
import type { TelemetryConfig } from "./config.ts";
import { consoleLogger } from "./console-logger.ts";
import { observeProcess } from "./process-metrics.ts";
import { holdBackRepeats } from "./repeat-filter.ts";

/** What the collector says about itself. */
export interface SelfTelemetry {
  readonly logger: Logger;
  /** Does nothing where `metrics.level` is `none`. */
  readonly meter: Meter;
  /** Publishes ledgers and states of these components until `stop`. */
  observe(components: () => readonly RunningComponent[]): void;
  /** Sends what is pending and closes the listeners. */
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

/** The log alone: for what has to be said before the metrics are there, or without them. */
export function createLogger({
  config,
  clock,
  output,
}: Pick<SelfTelemetryOptions, "config" | "clock" | "output">): Logger {
  const { level, encoding } = config.logs;
  const write = (line: string) => void output.write(line);
  const logger =
    encoding === "json"
      ? jsonLogger({ level, clock, write })
      : consoleLogger({ level, clock, write, colour: output.isTTY === true });
  return holdBackRepeats(logger, clock);
}

/** Starts the collector's own telemetry. Rejects with `DBI_LISTEN` when its Prometheus listener cannot bind. */
export async function startSelfTelemetry(options: SelfTelemetryOptions): Promise<SelfTelemetry> {
  const { config, build, clock } = options;
  const logger = createLogger(options);
  if (config.metrics.level === "none" || config.metrics.readers.length === 0) {
    return { logger, meter: createNoopMeter(), observe: () => {}, stop: async () => {} };
  }
  const { startMetrics } = await import("./metrics-provider.ts");
  const { meter, shutdown } = await startMetrics({
    config: config.metrics,
    resource: {
      "service.name": build.name,
      "service.version": build.version,
      "service.instance.id": uuid(options.random),
      ...config.resource,
    },
    scope: build,
  });
  const stopProcess = observeProcess(meter, clock);
  return {
    logger,
    meter,
    observe: (components) => void observeComponents(meter, components),
    async stop() {
      stopProcess();
      await shutdown();
    },
  };
}

/** A random UUID, version 4 (RFC 9562, section 5.4). */
function uuid(random: Random): string {
  const bytes = random.bytes(16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Buffer.from(bytes).toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
