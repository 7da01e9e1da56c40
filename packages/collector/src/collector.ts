import type { DbintelError } from "@dbintel/errors";
import type { BuildInfo } from "@dbintel/pipeline";
import { Graph, systemClock, systemRandom } from "@dbintel/pipeline";
import { type SelfTelemetry, startSelfTelemetry } from "@dbintel/selftelemetry";
import type { DistributionConfig } from "./configuration.ts";

/** A collector that runs. */
export interface RunningCollector {
  /** Receivers first, so that everything can be given away. Resolves with what did not stop cleanly, also logged. */
  stop(): Promise<readonly DbintelError[]>;
}

/**
 * Starts everything that a configuration names. Rejects with a `DbintelError`, everything stopped again, when a
 * component or the collector's own telemetry cannot start.
 */
export async function startCollector(
  config: DistributionConfig,
  options: { readonly build: BuildInfo },
): Promise<RunningCollector> {
  const { build } = options;
  const environment = { build, clock: systemClock, random: systemRandom };
  const telemetry = await startSelfTelemetry({
    ...environment,
    config: config.service.telemetry,
    output: process.stderr,
  });
  const { logger, meter } = telemetry;
  let graph: Graph;
  try {
    graph = new Graph(config, { ...environment, logger, meter });
    telemetry.observe(() => graph.components());
    await graph.start();
  } catch (error) {
    await telemetry.stop();
    throw error;
  }
  logger.info({ version: build.version, pipelines: [...config.service.pipelines.keys()] }, "everything is ready");
  return { stop: () => stop(graph, telemetry) };
}

async function stop(graph: Graph, telemetry: SelfTelemetry): Promise<readonly DbintelError[]> {
  telemetry.logger.info({}, "stopping");
  const failures = await graph.stop();
  await telemetry.stop();
  telemetry.logger.info({}, "stopped");
  return failures;
}
