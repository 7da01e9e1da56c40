import type { ConfigOptions } from "../configuration.ts";
import { usableConfiguration } from "../configuration.ts";
import { mermaid } from "../mermaid.ts";
import type { ExitCode, Terminal } from "../terminal.ts";
import { exitCodes } from "../terminal.ts";

/** `dbintel graph`: the pipelines as a Mermaid flowchart. */
export async function graph(options: ConfigOptions, terminal: Terminal): Promise<ExitCode> {
  const config = await usableConfiguration(options, terminal);
  if (config === undefined) return exitCodes.badConfiguration;
  terminal.print(mermaid(config));
  return exitCodes.ok;
}
