import { readFileSync } from "node:fs";
import { checkConfig, createRegistry, loadConfig } from "@dbintel/config";
import { defineExporter, defineReceiver } from "@dbintel/pipeline";
import { expect, it } from "vitest";
import { z } from "zod";
import { queryCorrelator } from "./component.ts";

const signals = ["logs", "metrics", "traces"] as const;
const idle = { start: async () => {}, stop: async () => {} };
const plain = {
  type: "nop",
  description: "",
  signals: { logs: "beta", metrics: "beta", traces: "beta" },
  schema: z.strictObject({}),
} as const;
const registry = createRegistry([
  defineReceiver({ ...plain, create: () => idle }).definition,
  defineExporter({ ...plain, create: () => ({ ...idle, consumers: {} }) }).definition,
  queryCorrelator.definition,
]);
const pipelines = signals.map(
  (signal) => `${signal}: {receivers: [nop], processors: [query_correlator], exporters: [nop]}`,
);
const around = `
receivers: { nop: {} }
exporters: { nop: {} }
service: { pipelines: { ${pipelines.join(", ")} } }
`;

it("has a configuration in its README that is valid for every signal", () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const example = /```yaml\n(.*?)```/s.exec(readme)?.[1] ?? "";
  const loaded = loadConfig({ sources: ["README.md"], readFile: () => Buffer.from(example + around) });
  const { config, diagnostics } = checkConfig(loaded, { registry, telemetrySchema: z.strictObject({}) });
  expect(diagnostics).toEqual([]);
  expect(config?.processors.get("query_correlator")?.config).toMatchObject({
    max_age: 600_000,
    query_categorization: { slow: 500, heavy_share: 0.3 },
    trace_links: { max_age: 300_000 },
  });
});
