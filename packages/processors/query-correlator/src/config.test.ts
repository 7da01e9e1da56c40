import { expect, it } from "vitest";
import { queryCorrelatorConfig } from "./config.ts";

it("has defaults for everything", () => {
  expect(queryCorrelatorConfig.parse({})).toMatchObject({
    query_categorization: { slow: 1000, moderate: 100, heavy_share: 0.2, notable_share: 0.05 },
    trace_links: { enabled: true, max_age: 600_000 },
  });
});

it("reports every mistake", () => {
  const { error } = queryCorrelatorConfig.safeParse({
    query_categorization: { heavy_share: 2 },
    trace_links: { max_age: "0s" },
    cache_size: 0,
    retention_period: "24h",
  });
  expect(error?.issues.map(({ path }) => path.join("."))).toEqual([
    "query_categorization.heavy_share",
    "trace_links.max_age",
    "cache_size",
    "",
  ]);
});

it("wants thresholds in their order", () => {
  const { error } = queryCorrelatorConfig.safeParse({
    query_categorization: { slow: "1ms", moderate: "2ms", heavy_share: 0.1, notable_share: 0.2 },
  });
  expect(error?.issues.map(({ path }) => path.at(-1))).toEqual(["moderate", "notable_share"]);
});
