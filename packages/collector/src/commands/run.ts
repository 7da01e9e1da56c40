import { once } from "node:events";
import { isDbintelError } from "@dbintel/errors";
import { systemClock } from "@dbintel/pipeline";
import { readBuildInfo } from "../build.ts";
import { type RunningCollector, startFrom } from "../collector.ts";
import type { ConfigOptions, UsableReading } from "../configuration.ts";
import { loadSources, readConfiguration, usableReading } from "../configuration.ts";
import { contentDigest } from "../reload/config-digest.ts";
import { ConfigWatch } from "../reload/config-watch.ts";
import type { ExitCode, Terminal } from "../terminal.ts";
import { exitCodes } from "../terminal.ts";

export interface RunOptions extends ConfigOptions {
  /** How often to look whether the configuration has changed, in milliseconds; absent means never. */
  readonly watch?: number;
  /** How long the components together may take to give away what they hold, in milliseconds. */
  readonly stopTimeout: number;
}

/**
 * `dbintel run`: runs until SIGINT or SIGTERM; a second signal ends the process at once. SIGHUP reloads the
 * configuration.
 */
export async function run(options: RunOptions, terminal: Terminal): Promise<ExitCode> {
  const { watch: watchMs, stopTimeout: stopDeadlineMs } = options;
  const reading = await usableReading(options, terminal);
  if (reading === undefined) return exitCodes.badConfiguration;
  const stopRequested = Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
  // One that comes during the start is answered after it.
  let hangUps = 0;
  let onHangUp = () => void hangUps++;
  const hangUp = () => onHangUp();
  process.on("SIGHUP", hangUp);
  let collector: RunningCollector;
  try {
    collector = await startFrom(reading, {
      build: readBuildInfo(),
      read: () => readConfiguration(options, terminal),
      stopDeadlineMs,
    });
  } catch (error) {
    process.off("SIGHUP", hangUp);
    if (!isDbintelError(error)) throw error;
    const hint = error.hint === undefined ? "" : `\n    ${error.hint}`;
    terminal.printError(`dbintel: ${error.message} (${error.code})${hint}`);
    return exitCodes.failure;
  }
  onHangUp = () => void collector.reload("signal");
  if (hangUps > 0) onHangUp();
  const watch =
    watchMs === undefined ? undefined : watchSources(options, terminal, { intervalMs: watchMs, reading, collector });
  await stopRequested;
  const force = () => process.exit(exitCodes.failure);
  process.once("SIGINT", force).once("SIGTERM", force);
  watch?.stop();
  const failures = await collector.stop();
  process.off("SIGHUP", hangUp).off("SIGINT", force).off("SIGTERM", force);
  return failures.length === 0 ? exitCodes.ok : exitCodes.failure;
}

/** Reloads when a source, or a file or variable that it refers to, has another content. */
function watchSources(
  options: RunOptions,
  terminal: Terminal,
  watched: { readonly intervalMs: number; readonly reading: UsableReading; readonly collector: RunningCollector },
): ConfigWatch {
  const { intervalMs, reading, collector } = watched;
  const watch = new ConfigWatch({
    clock: systemClock,
    intervalMs,
    known: contentDigest(reading.loaded),
    look: () => contentDigest(loadSources(options, terminal)),
    onChange: () => void collector.reload("watch"),
  });
  watch.start();
  return watch;
}
