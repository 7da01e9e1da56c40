import type { DbintelError } from "@dbintel/errors";
import type { BuildInfo, ReloadReport, ReloadTrigger, RunningComponent } from "@dbintel/pipeline";
import { Graph, systemClock, systemRandom } from "@dbintel/pipeline";
import { type SelfTelemetry, type SelfTelemetryOptions, startSelfTelemetry } from "@dbintel/selftelemetry";
import type { DistributionConfig, Reading, UsableReading } from "./configuration.ts";
import { farewell, tellUnbalanced, tellUndelivered } from "./farewell.ts";
import { Reloader } from "./reload/reloader.ts";
import { RunningControl } from "./running-control.ts";

/** A collector that runs. */
export interface RunningCollector {
  /** Every component with its state and accounts. */
  components(): readonly RunningComponent[];
  /** Reads the configuration again and goes over to it by difference; a bad one leaves the old one running. Never rejects. */
  reload(trigger: ReloadTrigger): Promise<ReloadReport>;
  /** Receivers first, so that everything can be given away. Resolves with what did not stop cleanly, also logged. */
  stop(): Promise<readonly DbintelError[]>;
}

/**
 * Starts everything that a configuration names. Rejects with a `DbintelError`, everything stopped again, when a
 * component or the collector's own telemetry cannot start.
 */
export async function startFrom(
  running: UsableReading,
  options: {
    readonly build: BuildInfo;
    readonly read: () => Promise<Reading>;
    /** For everything together to give away what it holds. */
    readonly stopDeadlineMs: number;
    /** Where the log goes. Default: the error output of the process. */
    readonly output?: SelfTelemetryOptions["output"];
  },
): Promise<RunningCollector> {
  const { build, read, stopDeadlineMs, output = process.stderr } = options;
  const { config } = running;
  const environment = { build, clock: systemClock, random: systemRandom };
  const telemetry = await startSelfTelemetry({
    ...environment,
    config: config.service.telemetry,
    output,
  });
  const { logger, meter } = telemetry;
  const control = new RunningControl();
  let graph: Graph;
  let reloader: Reloader;
  try {
    graph = new Graph(config, { ...environment, logger, meter, control }, { stopDeadlineMs });
    const applyTelemetry = applyTo(telemetry);
    reloader = new Reloader({ running, read, graph, applyTelemetry, clock: systemClock, logger, meter });
    control.attach({ graph, telemetry, reloader });
    telemetry.observe(() => graph.accounts());
    await graph.start();
  } catch (error) {
    await telemetry.stop();
    throw error;
  }
  logger.info({ version: build.version, pipelines: [...config.service.pipelines.keys()] }, "everything is ready");
  return {
    components: () => graph.components(),
    reload: (trigger) => reloader.reload(trigger),
    stop: () => stop(graph, telemetry),
  };
}

/** The level of the log follows the configuration; the rest of its telemetry is set up once. */
function applyTo(telemetry: SelfTelemetry) {
  return (config: DistributionConfig, before: DistributionConfig): readonly string[] => {
    const [now, then] = [config.service.telemetry, before.service.telemetry];
    if (now.logs.level !== then.logs.level) telemetry.logLevel = now.logs.level;
    const rest = ({ service }: DistributionConfig) => {
      return JSON.stringify({ ...service.telemetry, logs: { ...service.telemetry.logs, level: undefined } });
    };
    const what = "service.telemetry has changed beyond logs.level";
    return rest(config) === rest(before) ? [] : [`${what}: that takes effect when the collector is started anew`];
  };
}

async function stop(graph: Graph, telemetry: SelfTelemetry): Promise<readonly DbintelError[]> {
  telemetry.logger.info({}, "stopping");
  const end = farewell(() => graph.accounts());
  const failures = await graph.stop();
  tellUndelivered(end.undelivered(), telemetry.logger);
  const audit = end.audit();
  tellUnbalanced(audit, telemetry.logger);
  await telemetry.stop();
  telemetry.logger.info({ accounts: audit.accounts, unbalanced: audit.unbalanced.length }, "stopped");
  return failures;
}
