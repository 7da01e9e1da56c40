import { configJsonSchema } from "@dbintel/config";
import { telemetrySchema } from "@dbintel/selftelemetry";
import { loadAllDefinitions } from "../registry.ts";
import type { ExitCode, Terminal } from "../terminal.ts";
import { exitCodes } from "../terminal.ts";

/** `dbintel schema`: the JSON Schema (draft 2020-12) of the whole configuration. */
export async function schema(terminal: Terminal): Promise<ExitCode> {
  terminal.print(JSON.stringify(configJsonSchema(await loadAllDefinitions(), { telemetrySchema }), undefined, 2));
  return exitCodes.ok;
}
