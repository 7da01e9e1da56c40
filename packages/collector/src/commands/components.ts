import type { ComponentDefinition } from "@dbintel/pipeline";
import { loadAllDefinitions } from "../registry.ts";
import type { ExitCode, Terminal } from "../terminal.ts";
import { exitCodes } from "../terminal.ts";
import { textTable } from "../text-table.ts";

/** `dbintel components`: what this distribution has, and how far each signal of it can be trusted. */
export async function components(options: { readonly format: string }, terminal: Terminal): Promise<ExitCode> {
  const definitions = await loadAllDefinitions();
  if (options.format === "json") {
    const list = definitions.map((definition) => ({
      kind: definition.kind,
      type: definition.type,
      aliases: definition.aliases ?? [],
      stability: stabilityOf(definition),
      description: definition.description,
    }));
    terminal.print(JSON.stringify(list, undefined, 2));
    return exitCodes.ok;
  }
  const rows = definitions.map((definition) => [
    definition.kind,
    [definition.type, ...(definition.aliases ?? []).map((alias) => `(${alias})`)].join(" "),
    Object.entries(stabilityOf(definition))
      .map(([signal, stability]) => `${signal} ${stability}`)
      .join(", "),
    definition.description,
  ]);
  const columns = ["kind", "type", "stability", "description"].map((title) => ({ title }));
  terminal.print(textTable(columns, rows));
  return exitCodes.ok;
}

/** Stability by signal; by `from→to` for a connector, and one entry for an extension, which has no signals. */
function stabilityOf(definition: ComponentDefinition): Readonly<Record<string, string>> {
  switch (definition.kind) {
    case "extension":
      return { extension: definition.stability };
    case "connector":
      return Object.fromEntries(
        Object.entries(definition.signals).flatMap(([from, targets]) =>
          Object.entries(targets).map(([to, stability]) => [`${from}→${to}`, stability]),
        ),
      );
    default:
      return { ...definition.signals };
  }
}
