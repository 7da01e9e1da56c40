import { readFileSync } from "node:fs";
import { checkConfig, createRegistry, formatDiagnostics, loadConfig } from "@dbintel/config";
import { z } from "zod";
import type { ProcessorDefinition } from "../component.ts";
import { defineExporter, defineReceiver } from "../define.ts";

const idle = { start: async () => {}, stop: async () => {} };
const beta = { logs: "beta", metrics: "beta", traces: "beta" } as const;
const plain = { type: "nop", description: "", signals: beta, schema: z.strictObject({}) } as const;

/**
 * The settings that the first YAML of a README gives a processor in a pipeline of each of its signals. Throws what
 * `dbintel validate` would say of it.
 */
export function readmeSettings(
  definition: ProcessorDefinition,
  readme: URL,
  env: Readonly<Record<string, string>> = {},
): unknown {
  const { type, signals } = definition;
  const [, example = ""] = /```yaml\n(.*?)```/s.exec(readFileSync(readme, "utf8")) ?? [];
  const pipelines = Object.keys(signals).map(
    (signal) => `${signal}: { receivers: [nop], processors: [${type}], exporters: [nop] }`,
  );
  const around = `
receivers: { nop: {} }
exporters: { nop: {} }
service: { pipelines: { ${pipelines.join(", ")} } }
`;
  const registry = createRegistry([
    defineReceiver({ ...plain, create: () => idle }).definition,
    defineExporter({ ...plain, create: () => ({ ...idle, consumers: {} }) }).definition,
    definition,
  ]);
  const loaded = loadConfig({ sources: ["README.md"], readFile: () => Buffer.from(example + around), env });
  const { config, diagnostics } = checkConfig(loaded, { registry, telemetrySchema: z.strictObject({}) });
  if (diagnostics.length > 0) throw new Error(formatDiagnostics(diagnostics));
  return config?.processors.get(type)?.config;
}
