import { batchText, plain } from "@dbintel/exporter-debug";
import { decodeJson, signals } from "@dbintel/pdata";
import { z } from "zod";
import { type AccessOptions, accessTo } from "../admin/access.ts";
import { AdminClient } from "../admin/admin-client.ts";
import { failure } from "../failure.ts";
import { interruption } from "../interruption.ts";
import type { ExitCode, Terminal } from "../terminal.ts";
import { exitCodes } from "../terminal.ts";

export interface TapOptions extends AccessOptions {
  readonly limit?: number;
  readonly seconds?: number;
  /** Without it text for people on a terminal, and JSON where the output goes elsewhere. */
  readonly format?: string;
}

/** A line of the endpoint's answer: records of one batch, or the end. */
const seen = z.looseObject({
  component: z.string(),
  pipeline: z.string().optional(),
  signal: z.enum(signals),
  telemetry: z.record(z.string(), z.unknown()),
});
const ended = z.object({ end: z.object({ shown: z.number(), skipped: z.number() }) });
const line = z.union([ended, seen]);

/** `dbintel tap`: records as they are handed to components of a collector that runs, verified for personal data. */
export async function tap(component: string | undefined, options: TapOptions, terminal: Terminal): Promise<ExitCode> {
  const text = (options.format ?? (terminal.columns === undefined ? "json" : "text")) === "text";
  using interrupted = interruption();
  try {
    const client = new AdminClient(await accessTo(options, terminal.env));
    for await (const each of client.lines(pathOf(component, options), line, interrupted)) {
      // What steers a terminal is escaped as JSON escapes it, so that the value stays the same.
      if ("component" in each) terminal.print(text ? readable(each) : plain(JSON.stringify(each)));
      else terminal.printError(`${each.end.shown} shown, ${each.end.skipped} went by unseen`);
    }
    return exitCodes.ok;
  } catch (error) {
    return interrupted.signal.aborted ? exitCodes.ok : failure("tap", error, terminal);
  }
}

function pathOf(component: string | undefined, { limit, seconds }: TapOptions): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries({ component, limit, seconds })) {
    if (value !== undefined) query.set(name, String(value));
  }
  return `/api/v1/tap?${query.toString()}`;
}

/** Where they were seen, then the records as the exporter debug shows them. */
function readable({ component, pipeline, signal, telemetry }: z.output<typeof seen>): string {
  const place = plain(pipeline === undefined ? component : `${component}@${pipeline}`);
  const json = JSON.stringify(telemetry);
  try {
    return `${place} ${batchText(decodeJson(signal, json), "normal").trimEnd()}`;
  } catch {
    // Verification may have left a text where bytes were.
    return `${place} ${signal} ${plain(json)}`;
  }
}
