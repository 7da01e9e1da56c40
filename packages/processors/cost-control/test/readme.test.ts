import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { checkConfig, createRegistry, loadConfig } from "@dbintel/config";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { costControlConfig } from "../src/config.ts";
import { costControl } from "../src/index.ts";
import { steps } from "../src/ladder.ts";

const folder = fileURLToPath(new URL("..", import.meta.url));
const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const block = (language: string) => new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, "s").exec(readme)?.[1] ?? "";

describe("README.md", () => {
  it("prints what it says", async () => {
    const args = ["--conditions=@dbintel/source", "--input-type=module-typescript", "--eval", block("ts")];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder });
    expect(stdout).toBe(block("text"));
    expect(stdout).not.toBe("");
  });

  it("shows a configuration that is valid", () => {
    const signals = { logs: "beta", metrics: "beta", traces: "beta" } as const;
    const others = { description: "A test.", signals, schema: z.strictObject({}) };
    const registry = createRegistry([
      { kind: "receiver", type: "in", ...others },
      costControl.definition,
      { kind: "exporter", type: "out", ...others },
    ]);
    const pipelines = ["logs", "metrics", "traces"].map(
      (signal) => `    ${signal}: { receivers: [in], processors: [cost_control], exporters: [out] }\n`,
    );
    const text = `receivers: { in: {} }\nexporters: { out: {} }\nservice:\n  pipelines:\n${pipelines.join("")}${block("yaml")}`;
    const loaded = loadConfig({ sources: ["readme.yaml"], env: {}, readFile: () => Buffer.from(text) });
    const { config, diagnostics } = checkConfig(loaded, { registry, telemetrySchema: z.strictObject({}) });
    expect(diagnostics).toEqual([]);
    expect(config?.processors.get("cost_control")?.config).toMatchObject({ monthly_budget_usd: 200 });
  });

  it("has every step of the ladder in its place, and every setting", () => {
    const rows = [...readme.matchAll(/^\| (\d) \| `([a-z_]+)` \|/gm)].map(([, number, step]) => [Number(number), step]);
    expect(rows).toEqual(steps.map((step, index) => [index, step]));
    for (const key of Object.keys(costControlConfig.shape)) expect(readme).toContain(`| \`${key}\` |`);
  });
});
