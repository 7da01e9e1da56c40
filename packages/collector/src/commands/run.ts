import { once } from "node:events";
import { isDbintelError } from "@dbintel/errors";
import { readBuildInfo } from "../build.ts";
import { startCollector } from "../collector.ts";
import type { ConfigOptions } from "../configuration.ts";
import { usableConfiguration } from "../configuration.ts";
import type { ExitCode, Terminal } from "../terminal.ts";
import { exitCodes } from "../terminal.ts";

/** `dbintel run`: runs until SIGINT or SIGTERM; a second signal ends the process at once. */
export async function run(options: ConfigOptions, terminal: Terminal): Promise<ExitCode> {
  const config = await usableConfiguration(options, terminal);
  if (config === undefined) return exitCodes.badConfiguration;
  const stopRequested = Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
  let collector: Awaited<ReturnType<typeof startCollector>>;
  try {
    collector = await startCollector(config, { build: readBuildInfo() });
  } catch (error) {
    if (!isDbintelError(error)) throw error;
    const hint = error.hint === undefined ? "" : `\n    ${error.hint}`;
    terminal.printError(`dbintel: ${error.message} (${error.code})${hint}`);
    return exitCodes.failure;
  }
  // Timers of the collector do not keep the process alive, its sockets need not exist: this timer does.
  const keepAlive = setInterval(() => {}, 2 ** 30);
  await stopRequested;
  const force = () => process.exit(exitCodes.failure);
  process.once("SIGINT", force).once("SIGTERM", force);
  const failures = await collector.stop();
  clearInterval(keepAlive);
  process.off("SIGINT", force).off("SIGTERM", force);
  return failures.length === 0 ? exitCodes.ok : exitCodes.failure;
}
