import { closest, type ExplainedSetting, explainConfig } from "@dbintel/config";
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
  const all = explainConfig(reading.config.effective(), reading.loaded.root);
  const settings = all.filter((each) => isAt(each, path));
  if (settings.length === 0 && path !== undefined) {
    const meant = closest(path, new Set(all.flatMap(pathsTo)));
    const question = meant === undefined ? "" : ` (did you mean ${JSON.stringify(meant)}?)`;
    terminal.printError(`dbintel explain-config: nothing is in effect at "${printable(path)}"${question}`);
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

/** The paths that the setting is at or within. */
function pathsTo({ path }: ExplainedSetting): readonly string[] {
  return [...path.matchAll(/(?<=.)[.[]|$/g)].map(({ index }) => path.slice(0, index));
}

function tableOf(settings: readonly ExplainedSetting[]): string {
  const rows = settings.map(({ path, value, origin }) => [path, JSON.stringify(value) ?? "", origin].map(printable));
  return textTable([{ title: "setting" }, { title: "value" }, { title: "origin" }], rows);
}
