import { expect, test } from "vitest";
import { fuzz } from "./fuzz.ts";

// The long run is regression/fuzz.ts.
test.each([1, 2, 3, 4, 5])("10,000 damaged inputs of seed %i are decoded or refused with a typed error", (seed) => {
  const report = fuzz(10_000, seed);
  expect(report.decoded).toBeGreaterThan(1000);
  expect(Object.keys(report.refused).sort()).toEqual([
    "DBI_PDATA_JSON",
    "DBI_PDATA_OVERLONG",
    "DBI_PDATA_TRUNCATED",
    "DBI_PDATA_WIRE_TYPE",
  ]);
});
