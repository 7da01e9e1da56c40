import { readFileSync } from "node:fs";
import { checkConfig, createRegistry, loadConfig } from "@dbintel/config";
import { defineExporter, defineReceiver } from "@dbintel/pipeline";
import { expect, it } from "vitest";
import { z } from "zod";
import { verification } from "./component.ts";

const idle = { start: async () => {}, stop: async () => {} };
const plain = { type: "nop", description: "", signals: { logs: "beta" }, schema: z.strictObject({}) } as const;
const registry = createRegistry([
  defineReceiver({ ...plain, create: () => idle }).definition,
  defineExporter({ ...plain, create: () => ({ ...idle, consumers: {} }) }).definition,
  verification.definition,
]);
const around = `
receivers: { nop: {} }
exporters: { nop: {} }
service: { pipelines: { logs: { receivers: [nop], processors: [verification], exporters: [nop] } } }
`;

it("has a configuration in its README that is valid", () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const example = /```yaml\n(.*?)```/s.exec(readme)?.[1] ?? "";
  const loaded = loadConfig({
    sources: ["README.md"],
    readFile: () => Buffer.from(example + around),
    env: { PSEUDONYM_KEY: "0123456789abcdef0123456789abcdef" },
  });
  const { config, diagnostics } = checkConfig(loaded, { registry, telemetrySchema: z.strictObject({}) });
  expect(diagnostics).toEqual([]);
  expect(config).toBeDefined();
});
