import { isDbintelError } from "@dbintel/errors";
import { systemClock, wait } from "@dbintel/pipeline";
import { printable } from "@dbintel/watching";
import { type AccessOptions, accessTo } from "../admin/access.ts";
import { AdminClient } from "../admin/admin-client.ts";
import { failure } from "../failure.ts";
import { interruption } from "../interruption.ts";
import type { ExitCode, Terminal } from "../terminal.ts";
import { exitCodes } from "../terminal.ts";
import { componentTree } from "../top/component-tree.ts";
import { type Moment, viewOf } from "../top/view.ts";
import { viewTable } from "../top/view-table.ts";

export interface TopOptions extends AccessOptions {
  readonly once: boolean;
  /** Milliseconds. */
  readonly interval: number;
  readonly format: string;
}

/** The cursor goes home, and what was below it goes. */
const cleared = "\u001b[H\u001b[J";

/**
 * `dbintel top`: the components of a collector that runs with what flows through them. On a terminal the table is
 * shown anew until it is ended; elsewhere, and with `--once`, it is shown once, after two looks an interval apart.
 * While a collector that did answer does not, the last table stays on the terminal, marked as old.
 */
export async function top(options: TopOptions, terminal: Terminal): Promise<ExitCode> {
  const { format, interval: intervalMs } = options;
  const { columns } = terminal;
  const live = !options.once && columns !== undefined && format === "table";
  using interrupted = interruption();
  const { signal } = interrupted;
  try {
    const client = new AdminClient(await accessTo(options, terminal.env));
    const { label } = client;
    let before: Moment | undefined = await look(client, signal);
    let shown = "";
    do {
      await wait(systemClock, intervalMs, signal);
      const now = await look(client, signal).catch((error: unknown) => {
        if (!live || signal.aborted || !isDbintelError(error)) throw error;
        terminal.print(`${cleared}OLD: ${printable(error.message)}; trying again every ${intervalMs}ms\n\n${shown}`);
        return undefined;
      });
      if (before !== undefined && now !== undefined) {
        const view = viewOf(before, now);
        shown = format === "json" ? JSON.stringify(view, undefined, 2) : viewTable(view, { label, columns });
        terminal.print((live ? cleared : "") + shown);
      }
      // Who answers after a failure may be another process, which counts from nought.
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
