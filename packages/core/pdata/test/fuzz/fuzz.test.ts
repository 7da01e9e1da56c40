import { expect, test } from "vitest";
import { fuzz } from "./fuzz.ts";

// The long run is regression/fuzz.ts.
test("50,000 damaged inputs are decoded or refused with a typed error", () => {
  const report = fuzz(50_000, 20_261_121);
  expect(report.decoded).toBeGreaterThan(1000);
  expect(Object.keys(report.refused).sort()).toEqual([
    "DBI_PDATA_JSON",
    "DBI_PDATA_OVERLONG",
    "DBI_PDATA_TRUNCATED",
    "DBI_PDATA_WIRE_TYPE",
  ]);
});
