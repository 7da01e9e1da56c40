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
    "max_plan_size",
    "max_depth",
    "timeout",
    "cache_size",
    "",
  ]);
});
