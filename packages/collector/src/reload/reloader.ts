import { formatDiagnostics } from "@dbintel/config";
import { isDbintelError } from "@dbintel/errors";
import type { Environment, Graph, ReloadReport, ReloadTrigger, RunningComponent } from "@dbintel/pipeline";
import type { DistributionConfig, Reading, UsableReading } from "../configuration.ts";
import { configDigest } from "./config-digest.ts";

export interface ReloaderOptions extends Pick<Environment, "clock" | "logger" | "meter"> {
  /** What the collector was started with. */
  readonly running: UsableReading;
  /** Reads the configuration from where it came from. */
  readonly read: () => Promise<Reading>;
  readonly graph: Pick<Graph, "reload" | "retry">;
  /** Takes over what of `service.telemetry` can change while the collector runs; returns what to mind. */
  readonly applyTelemetry: (config: DistributionConfig, before: DistributionConfig) => readonly string[];
}

type Result = Pick<ReloadReport, "outcome"> & Partial<Pick<ReloadReport, "started" | "stopped" | "kept" | "problems">>;

/**
 * Brings the running collector to what its configuration says now, or leaves it as it is and says why. Whoever reloads may
 * have repaired what the configuration depends on, so what was refused is asked for again, changed or not.
 */
export class Reloader {
  readonly #options: ReloaderOptions;
  readonly #reloads;
  #running: UsableReading;
  #digest: string;
  #last: ReloadReport | undefined;
  #succeededUnixNano: bigint;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: ReloaderOptions) {
    const { meter, clock } = options;
    this.#options = options;
    this.#running = options.running;
    this.#digest = configDigest(options.running.config);
    this.#succeededUnixNano = clock.unixNano();
    this.#reloads = meter.createCounter("dbintel_config_reloads", {
      description: "Reloads by outcome",
      unit: "{reload}",
    });
    meter
      .createObservableGauge("dbintel_config_last_reload_successful", {
        description: "1 when the running configuration is the one that was read last, 0 when that was rejected",
      })
      .addCallback((result) => result.observe(this.#last?.outcome === "rejected" ? 0 : 1));
    meter
      .createObservableGauge("dbintel_config_last_reload_success_timestamp_seconds", {
        description: "When the running configuration was read",
        unit: "s",
      })
      .addCallback((result) => result.observe(Number(this.#succeededUnixNano / 1_000_000n) / 1000));
  }

  /** The configuration that runs. */
  get running(): UsableReading {
    return this.#running;
  }

  get last(): ReloadReport | undefined {
    return this.#last;
  }

  /** Never rejects. Reloads take turns. */
  reload(trigger: ReloadTrigger): Promise<ReloadReport> {
    const report = this.#turn.then(() => this.#reload(trigger));
    this.#turn = report;
    return report;
  }

  async #reload(trigger: ReloadTrigger): Promise<ReloadReport> {
    const result = await this.#try().catch(rejection);
    const unixNano = this.#options.clock.unixNano();
    const report = { trigger, unixNano, started: [], stopped: [], kept: 0, problems: [], ...result };
    this.#last = report;
    if (report.outcome !== "rejected") this.#succeededUnixNano = unixNano;
    this.#reloads.add(1, { outcome: report.outcome });
    this.#tell(report);
    return report;
  }

  async #try(): Promise<Result> {
    const reading = await this.#options.read();
    const problems = reading.diagnostics.map((diagnostic) => formatDiagnostics([diagnostic]));
    const { config } = reading;
    if (config === undefined) return { outcome: "rejected", problems };
    const digest = configDigest(config);
    if (digest === this.#digest) {
      this.#running = { ...reading, config };
      this.#options.graph.retry();
      return { outcome: "unchanged", problems };
    }
    const { kept, started, stopped, failures } = await this.#options.graph.reload(config);
    this.#options.graph.retry();
    const notes = this.#options.applyTelemetry(config, this.#running.config);
    this.#running = { ...reading, config };
    this.#digest = digest;
    return {
      outcome: "applied",
      kept: kept.length,
      started: started.map(nameOf).toSorted(),
      stopped: stopped.map(nameOf).toSorted(),
      problems: [...problems, ...notes, ...failures.map(({ message }) => message)],
    };
  }

  #tell({ outcome, trigger, started, stopped, kept, problems }: ReloadReport): void {
    const { logger } = this.#options;
    const fields = { trigger, ...(problems.length === 0 ? {} : { problems }) };
    if (outcome === "rejected") logger.error(fields, "the configuration was not reloaded; the one before runs on");
    else if (outcome === "unchanged") logger.info(fields, "the configuration was read again and has not changed");
    else logger.info({ ...fields, started, stopped, kept }, "the configuration was reloaded");
  }
}

function rejection(error: unknown): Result {
  const message = error instanceof Error ? error.message : String(error);
  const code = isDbintelError(error) ? ` (${error.code})` : "";
  const hint = isDbintelError(error) && error.hint !== undefined ? `\n    ${error.hint}` : "";
  return { outcome: "rejected", problems: [`${message}${code}${hint}`] };
}

function nameOf({ kind, id, pipeline }: RunningComponent): string {
  return pipeline === undefined ? `${kind} ${id}` : `${kind} ${id}@${pipeline}`;
}
