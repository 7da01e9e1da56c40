import { type ExplainedSetting, explainConfig } from "@dbintel/config";
import { printable } from "@dbintel/watching";
import { type ConfigOptions, usableReading } from "../configuration.ts";
import type { ExitCode, Terminal } from "../terminal.ts";
import { exitCodes } from "../terminal.ts";
import { textTable } from "../text-table.ts";

/** `dbintel explain-config`: every setting in effect, or those at a path, with where it comes from; secrets redacted. */
export async function explain(
  path: string | undefined,
  options: ConfigOptions & { readonly format: string },
  terminal: Terminal,
): Promise<ExitCode> {
  const reading = await usableReading(options, terminal);
  if (reading === undefined) return exitCodes.badConfiguration;
  const settings = explainConfig(reading.config.effective(), reading.loaded.root).filter((each) => isAt(each, path));
  if (settings.length === 0 && path !== undefined) {
    terminal.printError(`dbintel explain-config: nothing is in effect at "${printable(path)}"`);
    return exitCodes.failure;
  }
  terminal.print(options.format === "json" ? JSON.stringify(settings, undefined, 2) : tableOf(settings));
  return exitCodes.ok;
}

/** The setting itself, or one within. */
function isAt(setting: ExplainedSetting, path: string | undefined): boolean {
  if (path === undefined || setting.path === path) return true;
  return setting.path.startsWith(path) && /^[.[]/.test(setting.path.slice(path.length));
}

function tableOf(settings: readonly ExplainedSetting[]): string {
  const rows = settings.map(({ path, value, origin }) => [path, JSON.stringify(value) ?? "", origin].map(printable));
  return textTable([{ title: "setting" }, { title: "value" }, { title: "origin" }], rows);
}
