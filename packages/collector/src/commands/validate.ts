import { formatDiagnostics, hasErrors } from "@dbintel/config";
import type { ConfigOptions } from "../configuration.ts";
import { readConfiguration } from "../configuration.ts";
import type { ExitCode, Terminal } from "../terminal.ts";
import { exitCodes } from "../terminal.ts";

/** `dbintel validate`: every finding at once; silent when there is none, as the OpenTelemetry Collector is. */
export async function validate(
  options: ConfigOptions & { readonly strict: boolean; readonly format: string },
  terminal: Terminal,
): Promise<ExitCode> {
  const { diagnostics } = await readConfiguration(options, terminal);
  if (options.format === "json") terminal.print(formatDiagnostics(diagnostics, { format: "json" }));
  else if (diagnostics.length > 0) terminal.printError(formatDiagnostics(diagnostics));
  const bad = hasErrors(diagnostics) || (options.strict && diagnostics.length > 0);
  return bad ? exitCodes.badConfiguration : exitCodes.ok;
}
