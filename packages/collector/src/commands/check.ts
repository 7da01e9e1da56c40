import type { Batch } from "@dbintel/pdata";
import { encodeJson, mergeBatches, signals } from "@dbintel/pdata";
import { z } from "zod";
import { readBuildInfo } from "../build.ts";
import type { ConfigOptions } from "../configuration.ts";
import { usableConfiguration } from "../configuration.ts";
import { metricTable } from "../metric-table.ts";
import type { Trial } from "../receiver-trial.ts";
import { tryReceiver } from "../receiver-trial.ts";
import type { ExitCode, Terminal } from "../terminal.ts";
import { exitCodes } from "../terminal.ts";
import { topQueries } from "../top-queries.ts";
import { topQueryTable } from "../top-query-table.ts";
import { usedSignals } from "../used-signals.ts";

/** The settings of a receiver of databases: its other events come sooner than those that people ask for. */
const sendsTopQueries = z.object({
  events: z.object({ "db.server.top_query": z.object({ enabled: z.literal(true) }) }),
});

/** `dbintel check`: one receiver alone, its results printed until each signal has come, nothing sent anywhere. */
export async function check(
  id: string,
  options: ConfigOptions & { readonly format: string },
  terminal: Terminal,
): Promise<ExitCode> {
  const config = await usableConfiguration(options, terminal);
  if (config === undefined) return exitCodes.badConfiguration;
  const receiver = config.receivers.get(id);
  if (receiver === undefined) {
    const known = [...config.receivers.keys()].join(", ") || "none";
    terminal.printError(`dbintel check: the configuration has no receiver "${id}" (it has: ${known})`);
    return exitCodes.badConfiguration;
  }
  const used = usedSignals(config, id);
  const wanted = used.includes("logs") && sendsTopQueries.safeParse(receiver.config).success;
  const trial = await tryReceiver({
    ...{ id, receiver, signals: used, build: readBuildInfo() },
    enough: (batches) => !wanted || batches.some((batch) => batch.signal === "logs" && topQueries(batch).length > 0),
  });
  if (options.format === "json") for (const batch of trial.batches) terminal.print(encodeJson(batch));
  else for (const batch of bySignal(trial.batches)) terminal.print(tableOf(batch, terminal));
  return report(trial, terminal);
}

function report({ problem, missing }: Trial, terminal: Terminal): ExitCode {
  if (problem !== undefined) {
    terminal.printError(
      `dbintel check: ${problem.message}${problem.hint === undefined ? "" : `\n    ${problem.hint}`}`,
    );
  }
  if (missing.length > 0) terminal.printError(`dbintel check: nothing came for ${missing.join(" and ")}`);
  return missing.length === 0 && problem === undefined ? exitCodes.ok : exitCodes.failure;
}

/** One batch for each signal that came. */
function bySignal(batches: readonly Batch[]): readonly Batch[] {
  return signals.flatMap((signal): readonly Batch[] => {
    const own = batches.filter((batch) => batch.signal === signal);
    return own.length === 0 ? [] : [mergeBatches(own)];
  });
}

function tableOf(batch: Batch, { columns }: Terminal): string {
  switch (batch.signal) {
    case "logs": {
      const queries = topQueries(batch);
      if (queries.length > 0) return topQueryTable(queries, { limit: 20, columns });
      return `${batch.count} log records (--format json shows them)`;
    }
    case "metrics":
      return metricTable(batch);
    case "traces":
      return `${batch.count} spans (--format json shows them)`;
  }
}
