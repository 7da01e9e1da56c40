import { readmeSettings } from "@dbintel/pipeline/testing";
import { expect, it } from "vitest";
import { queryCorrelator } from "./component.ts";

it("has a configuration in its README that is valid for every signal", () => {
  const readme = new URL("../README.md", import.meta.url);
  expect(readmeSettings(queryCorrelator.definition, readme)).toMatchObject({
    max_age: 600_000,
    query_categorization: { slow: 500, heavy_share: 0.3 },
    trace_links: { max_age: 300_000 },
  });
});
