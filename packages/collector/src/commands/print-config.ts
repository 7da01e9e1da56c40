import { redactedConfig } from "@dbintel/config";
import type { ConfigOptions } from "../configuration.ts";
import { usableConfiguration } from "../configuration.ts";
import type { ExitCode, Terminal } from "../terminal.ts";
import { exitCodes } from "../terminal.ts";

/** `dbintel print-config`: the merged configuration with every default filled in; secrets are `[REDACTED]`. */
export async function printConfig(
  options: ConfigOptions & { readonly format: string },
  terminal: Terminal,
): Promise<ExitCode> {
  const config = await usableConfiguration(options, terminal);
  if (config === undefined) return exitCodes.badConfiguration;
  terminal.print(redactedConfig(config, { format: options.format === "json" ? "json" : "yaml" }).trimEnd());
  return exitCodes.ok;
}
