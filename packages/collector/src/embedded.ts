import { ConfigError, formatDiagnostics, hasErrors } from "@dbintel/config";
import type { DbintelError } from "@dbintel/errors";
import type { ReloadReport, RunningComponent } from "@dbintel/pipeline";
import { stayAlive } from "./alive.ts";
import { readBuildInfo } from "./build.ts";
import { startFrom } from "./collector.ts";
import { readConfiguration } from "./configuration.ts";

/** What {@link startCollector} is told: what `dbintel run` gets as flags. */
export interface CollectorOptions {
  /** As `--config`: a path, `env:NAME`, or `yaml:` with the text behind it. Later ones are merged over earlier ones. */
  readonly config: string | readonly string[];
  /** As `--set`, such as `processors.batch.timeout=2s`: laid over all of `config`. */
  readonly set?: readonly string[];
  /** What `${env:NAME}` and `env:NAME` read. Default: the environment of the process. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Gets the lines of its log, and warnings about its configuration. Default: the error output of the process. */
  readonly output?: { write(text: string): unknown };
  /** Milliseconds that `stop` gives to all components together. Default 30 000. */
  readonly stopDeadlineMs?: number;
}

/** A collector inside an application. The process stays alive until it has stopped. */
export interface Collector extends AsyncDisposable {
  /** Each component with its state and its ledger: what it received, sent, dropped, gave back and holds. */
  accounting(): readonly RunningComponent[];
  /** Reads the configuration again and goes over to it by difference; a bad one leaves the old one running. Never rejects. */
  reload(): Promise<ReloadReport>;
  /**
   * Receivers first, so that everything can be given away. Resolves with what did not stop cleanly, also logged.
   * Idempotent: a collector that has stopped is not started again.
   */
  stop(): Promise<readonly DbintelError[]>;
}

/**
 * Starts what a configuration says inside an application: what `dbintel run` does, without its process. No signal is
 * listened to and the process is never ended.
 *
 * Rejects with a `ConfigError`, which has every finding with its position, or with `DBI_COMPONENT_START` or `DBI_LISTEN`
 * when something cannot start; then nothing runs.
 */
export async function startCollector(options: CollectorOptions): Promise<Collector> {
  const { config, set = [], env = process.env, output = process.stderr, stopDeadlineMs = 30_000 } = options;
  const sources = { config: typeof config === "string" ? [config] : config, set };
  const read = () => readConfiguration(sources, { env });
  const reading = await read();
  const { diagnostics } = reading;
  if (reading.config === undefined || hasErrors(diagnostics)) throw new ConfigError(diagnostics);
  if (diagnostics.length > 0) output.write(`${formatDiagnostics(diagnostics)}\n`);
  const alive = stayAlive();
  try {
    const running = { ...reading, config: reading.config };
    const collector = await startFrom(running, { build: readBuildInfo(), read, stopDeadlineMs, output });
    let stopped: Promise<readonly DbintelError[]> | undefined;
    const stop = () => {
      stopped ??= collector.stop().finally(() => alive[Symbol.dispose]());
      return stopped;
    };
    return {
      accounting: () => collector.components(),
      reload: () => collector.reload("application"),
      stop,
      [Symbol.asyncDispose]: async () => void (await stop()),
    };
  } catch (error) {
    alive[Symbol.dispose]();
    throw error;
  }
}
