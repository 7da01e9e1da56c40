import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { readmeSettings } from "@dbintel/pipeline/testing";
import { describe, expect, it } from "vitest";
import { costControlConfig } from "../src/config.ts";
import { costControl } from "../src/index.ts";
import { steps } from "../src/ladder.ts";

const folder = fileURLToPath(new URL("..", import.meta.url));
const file = new URL("../README.md", import.meta.url);
const readme = readFileSync(file, "utf8");
const block = (language: string) => new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, "s").exec(readme)?.[1] ?? "";

describe("README.md", () => {
  it("prints what it says", async () => {
    const args = ["--conditions=@dbintel/source", "--input-type=module-typescript", "--eval", block("ts")];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder });
    expect(stdout).toBe(block("text"));
    expect(stdout).not.toBe("");
  });

  it("shows a configuration that is valid", () => {
    expect(readmeSettings(costControl.definition, file)).toMatchObject({ monthly_budget_usd: 200 });
  });

  it("has every step of the ladder in its place, and every setting", () => {
    const rows = [...readme.matchAll(/^\| (\d) \| `([a-z_]+)` \|/gm)].map(([, number, step]) => [Number(number), step]);
    expect(rows).toEqual(steps.map((step, index) => [index, step]));
    for (const key of Object.keys(costControlConfig.shape)) expect(readme).toContain(`| \`${key}\` |`);
  });
});
