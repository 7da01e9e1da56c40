import { expect, it } from "vitest";
import { planAttributeExtractorConfig } from "./config.ts";

it("has defaults for everything", () => {
  expect(planAttributeExtractorConfig.parse({})).toMatchObject({ plan_output: "anonymized", timeout: 100 });
});

it("reports every mistake", () => {
  const { error } = planAttributeExtractorConfig.safeParse({
    plan_attributes: ["plan_json", "plan_json"],
    plan_output: "raw",
    query_anonymization: { fingerprint_attribute: "" },
    regression: { window: "0s", ratio: 1, max_queries: 0 },
    max_plan_size: "0B",
    max_depth: 0,
    timeout: "0s",
    cache_size: 0,
    unsafe_plan_collection: true,
  });
  expect(error?.issues.map(({ path }) => path.join("."))).toEqual([
    "plan_attributes",
    "plan_output",
    "query_anonymization.fingerprint_attribute",
    "regression.window",
    "regression.ratio",
    "regression.max_queries",
    "regression.recovery_ratio",
    "max_plan_size",
    "max_depth",
    "timeout",
    "cache_size",
    "",
  ]);
});

it("wants a recovery below what is slow", () => {
  const { error } = planAttributeExtractorConfig.safeParse({ regression: { ratio: 1.5, recovery_ratio: 1.6 } });
  expect(error?.issues).toMatchObject([{ path: ["regression", "recovery_ratio"], message: "must be less than ratio" }]);
});
