import { readFileSync } from "node:fs";
import { checkConfig, createRegistry, loadConfig } from "@dbintel/config";
import { defineExporter, defineReceiver } from "@dbintel/pipeline";
import { expect, it } from "vitest";
import { z } from "zod";
import { circuitBreaker } from "./component.ts";

const idle = { start: async () => {}, stop: async () => {} };
const plain = { type: "nop", description: "", signals: { logs: "beta" }, schema: z.strictObject({}) } as const;
const registry = createRegistry([
  defineReceiver({ ...plain, create: () => idle }).definition,
  defineExporter({ ...plain, create: () => ({ ...idle, consumers: {} }) }).definition,
  circuitBreaker.definition,
]);
const around = `
receivers: { nop: {} }
exporters: { nop: {} }
service: { pipelines: { logs: { receivers: [nop], processors: [circuit_breaker], exporters: [nop] } } }
`;

it("has a configuration in its README that is valid", () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const example = /```yaml\n(.*?)```/s.exec(readme)?.[1] ?? "";
  const loaded = loadConfig({ sources: ["README.md"], readFile: () => Buffer.from(example + around) });
  const { config, diagnostics } = checkConfig(loaded, { registry, telemetrySchema: z.strictObject({}) });
  expect(diagnostics).toEqual([]);
  expect(config?.processors.get("circuit_breaker")?.config).toMatchObject({
    flood: { items_per_second: 5000 },
    health: { slow_span_threshold: 2000 },
    exporters: { ids: ["otlp_http"] },
  });
});
