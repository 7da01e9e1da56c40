import { describe, expect, it } from "vitest";
import { costControlConfig } from "./config.ts";

function problems(config: unknown): readonly string[] {
  const result = costControlConfig.safeParse(config);
  return result.success ? [] : result.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
}

describe("costControlConfig", () => {
  it("fills in what is not given", () => {
    expect(costControlConfig.parse({ bytes_per_day: "1MB" })).toMatchObject({
      bytes_per_day: 1e6,
      calibration: 1,
      replicas: { count: 1 },
      metric_cardinality_limit: 10_000,
      slow_span_threshold: 2000,
      ladder: { up: 1, down: 0.8, interval: 60_000 },
      on_error: "pass",
    });
  });

  it("wants a budget, and a dated price for money", () => {
    expect(problems({})).toEqual([
      "monthly_budget_usd: a budget is missing: set monthly_budget_usd with price_per_gb, or bytes_per_day",
    ]);
    expect(problems({ monthly_budget_usd: 5 })).toEqual(["price_per_gb: is needed to turn money into bytes"]);
    expect(problems({ monthly_budget_usd: 5, price_per_gb: 0.4 })).toEqual([
      "price_date: is needed: prices change, so date yours",
    ]);
  });

  it.each<[string, object]>([
    ["monthly_budget_usd", { monthly_budget_usd: -5 }],
    ["price_per_gb", { price_per_gb: 0 }],
    ["price_date", { price_date: "yesterday" }],
    ["free_gb_per_month", { free_gb_per_month: -1 }],
    ["bytes_per_day", { bytes_per_day: 0 }],
    ["calibration", { calibration: 0 }],
    ["replicas.share", { replicas: { share: 1.1 } }],
    ["replicas.count", { replicas: { count: 0 } }],
    ["tenants.weights.a", { tenants: { weights: { a: -1 } } }],
    ["metric_cardinality_limit", { metric_cardinality_limit: 0 }],
    ["max_body_bytes", { max_body_bytes: 0 }],
    ["max_attribute_bytes", { max_attribute_bytes: "1B" }],
    ["slow_span_threshold", { slow_span_threshold: "0s" }],
    ["golden_metrics.0", { golden_metrics: [""] }],
    ["ladder.down", { ladder: { down: 1 } }],
    ["ladder.interval", { ladder: { interval: "0s" } }],
    ["ladder.sampling_factor", { ladder: { sampling_factor: 1.5 } }],
    ["on_error", { on_error: "ignore" }],
  ])("refuses a wrong %s", (path, config) => {
    expect(problems({ bytes_per_day: 1000, ...config }).map((text) => text.split(":")[0])).toContain(path);
  });
});
