import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { metricDefinitions, metricQueries } from "./metric-catalogue.ts";

/** A metric as the README tells it. */
function lineOf({ name, unit, type, enabled, description }: (typeof metricDefinitions)[number]): string {
  return `| \`${name}\` | ${type} | ${unit} | ${enabled ? "yes" : "no"} | ${description} |`;
}

it("is in the README, line by line", async () => {
  const readme = await readFile(new URL("../../README.md", import.meta.url), "utf8");
  const [, table = ""] = /<!-- metrics:begin -->\n\n([\s\S]*?)\n\n<!-- metrics:end -->/.exec(readme) ?? [];
  const lines = metricDefinitions.map(lineOf).sort();
  expect(table.split("\n")).toEqual(["| Metric | Type | Unit | On | Meaning |", "|---|---|---|---|---|", ...lines]);
});

it("has each name once", () => {
  expect(new Set(metricDefinitions.map(({ name }) => name)).size).toBe(metricDefinitions.length);
});

it("tells the columns of queries apart that are asked together", () => {
  const columns = metricQueries
    .filter(({ oneRow }) => oneRow)
    .flatMap(({ metrics }) => [
      ...new Set(metrics.flatMap(({ values, startColumn }) => [...values.map(({ column }) => column), startColumn])),
    ])
    .filter((column) => column !== undefined);
  expect(columns).toContain("max_connections");
  expect(new Set(columns).size).toBe(columns.length);
});
