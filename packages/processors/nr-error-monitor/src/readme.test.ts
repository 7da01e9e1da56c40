import { readFileSync } from "node:fs";
import { checkConfig, createRegistry, loadConfig } from "@dbintel/config";
import { defineExporter, defineReceiver } from "@dbintel/pipeline";
import { expect, it } from "vitest";
import { z } from "zod";
import { nrErrorMonitor } from "./component.ts";

const idle = { start: async () => {}, stop: async () => {} };
const plain = { type: "nop", description: "", signals: { logs: "beta" }, schema: z.strictObject({}) } as const;
const registry = createRegistry([
  defineReceiver({ ...plain, create: () => idle }).definition,
  defineExporter({ ...plain, create: () => ({ ...idle, consumers: {} }) }).definition,
  nrErrorMonitor.definition,
]);
const around = `
receivers: { nop: {} }
exporters: { nop: {} }
service: { pipelines: { logs: { receivers: [nop], processors: [nr_error_monitor], exporters: [nop] } } }
`;

it("has a configuration in its README that is valid", () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const example = /```yaml\n(.*?)```/s.exec(readme)?.[1] ?? "";
  const loaded = loadConfig({
    sources: ["README.md"],
    readFile: () => Buffer.from(example + around),
    env: { NEW_RELIC_USER_KEY: "NRAK-test" },
  });
  const { config, diagnostics } = checkConfig(loaded, { registry, telemetrySchema: z.strictObject({}) });
  expect(diagnostics).toEqual([]);
  expect(config).toBeDefined();
});
