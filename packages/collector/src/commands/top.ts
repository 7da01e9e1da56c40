import { parseDuration } from "@dbintel/config";
import { systemClock, wait } from "@dbintel/pipeline";
import { type AccessOptions, accessTo } from "../admin/access.ts";
import { AdminClient } from "../admin/admin-client.ts";
import { stayAlive } from "../alive.ts";
import { failure } from "../failure.ts";
import { interruption } from "../interruption.ts";
import type { ExitCode, Terminal } from "../terminal.ts";
import { exitCodes } from "../terminal.ts";
import { componentTree } from "../top/component-tree.ts";
import { type Moment, viewOf } from "../top/view.ts";
import { viewTable } from "../top/view-table.ts";

export interface TopOptions extends AccessOptions {
  readonly once: boolean;
  readonly interval: string;
  readonly format: string;
}

/** The cursor goes home, and what was below it goes. */
const cleared = "\u001b[H\u001b[J";

/**
 * `dbintel top`: the components of a collector that runs with what flows through them. On a terminal the table is
 * shown anew until it is ended; elsewhere, and with `--once`, it is shown once, after two looks an interval apart.
 */
export async function top(options: TopOptions, terminal: Terminal): Promise<ExitCode> {
  const intervalMs = parseDuration(options.interval);
  if (intervalMs === undefined || intervalMs < 100) {
    terminal.printError(`dbintel top: --interval "${options.interval}" is no duration of 100ms or more, such as 2s`);
    return exitCodes.badConfiguration;
  }
  const live = !options.once && terminal.columns !== undefined && options.format === "table";
  using interrupted = interruption();
  const { signal } = interrupted;
  using _alive = stayAlive();
  try {
    const client = new AdminClient(await accessTo(options, terminal.env));
    let before = await look(client, signal);
    do {
      await wait(systemClock, intervalMs, signal);
      const now = await look(client, signal);
      const view = viewOf(before, now);
      const table = () => viewTable(view, { label: client.label, columns: terminal.columns });
      terminal.print(options.format === "json" ? JSON.stringify(view, undefined, 2) : (live ? cleared : "") + table());
      before = now;
    } while (live);
    return exitCodes.ok;
  } catch (error) {
    return signal.aborted ? exitCodes.ok : failure("top", error, terminal);
  }
}

async function look(client: AdminClient, signal: AbortSignal): Promise<Moment> {
  const [tree, metrics] = await Promise.all([
    client.json("/api/v1/components", componentTree, { signal }),
    client.text("/metrics", { signal }),
  ]);
  return { monotonicMs: systemClock.monotonicMs(), tree, metrics };
}
