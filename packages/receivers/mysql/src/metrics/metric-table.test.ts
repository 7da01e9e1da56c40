import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { metricDefinitions } from "./metric-catalogue.ts";

it("is in the README, line by line", async () => {
  const readme = await readFile(new URL("../../README.md", import.meta.url), "utf8");
  const [, table = ""] = /<!-- metrics:begin -->\n\n([\s\S]*?)\n\n<!-- metrics:end -->/.exec(readme) ?? [];
  const lines = metricDefinitions.map(
    ({ name, unit, type, enabled, description }) =>
      `| \`${name}\` | ${type} | ${unit} | ${enabled ? "yes" : "no"} | ${description} |`,
  );
  expect(table.split("\n")).toEqual([
    "| Metric | Type | Unit | On | Meaning |",
    "|---|---|---|---|---|",
    ...lines.sort(),
  ]);
});
