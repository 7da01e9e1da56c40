import { readFileSync } from "node:fs";
import { checkConfig, createRegistry, loadConfig } from "@dbintel/config";
import { defineExporter, defineReceiver } from "@dbintel/pipeline";
import { expect, it } from "vitest";
import { z } from "zod";
import { adaptiveSampler } from "./component.ts";
import { verdicts } from "./sampling/candidates.ts";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");

const idle = { start: async () => {}, stop: async () => {} };
const plain = { type: "nop", description: "", signals: { logs: "beta" }, schema: z.strictObject({}) } as const;
const registry = createRegistry([
  defineReceiver({ ...plain, create: () => idle }).definition,
  defineExporter({ ...plain, create: () => ({ ...idle, consumers: {} }) }).definition,
  adaptiveSampler.definition,
]);
const around = `
receivers: { nop: {} }
exporters: { nop: {} }
service: { pipelines: { logs: { receivers: [nop], processors: [adaptive_sampler], exporters: [nop] } } }
`;

it("has a configuration in its README that is valid", () => {
  const example = /```yaml\n(.*?)```/s.exec(readme)?.[1] ?? "";
  const loaded = loadConfig({ sources: ["README.md"], readFile: () => Buffer.from(example + around) });
  const { config, diagnostics } = checkConfig(loaded, { registry, telemetrySchema: z.strictObject({}) });
  expect(diagnostics).toEqual([]);
  expect(config?.processors.get("adaptive_sampler")?.config).toMatchObject({
    default_sample_rate: 0.1,
    max_records_per_second: 200,
    max_bytes_per_second: 1_000_000,
    rules: [
      { name: "slow_statements", sample_rate: 1, max_per_minute: 600 },
      { name: "wide_plans", sample_rate: 0.5 },
    ],
  });
});

it("has every reason of a drop in its README, and no others", () => {
  const table = /\| Reason of a drop .*?\n\n/s.exec(readme)?.[0] ?? "";
  const documented = [...table.matchAll(/^\| `([a-z_]+)` \|/gm)].map(([, name]) => name);
  const expected = [...verdicts.slice(1), "duplicate", "judgement_failed"];
  expect(new Set(documented)).toEqual(new Set(expected));
});
