import { readmeSettings } from "@dbintel/pipeline/testing";
import { expect, it } from "vitest";
import { circuitBreaker } from "./component.ts";

it("has a configuration in its README that is valid", () => {
  const readme = new URL("../README.md", import.meta.url);
  expect(readmeSettings(circuitBreaker.definition, readme)).toMatchObject({
    flood: { items_per_second: 5000 },
    health: { slow_span_threshold: 2000 },
    exporters: { ids: ["otlp_http"] },
  });
});
