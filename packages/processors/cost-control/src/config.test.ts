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
    ["golden_metrics.2", { golden_metrics: ["a", "b", "a"] }],
    ["golden_events.1", { golden_events: ["a", "a"] }],
    ["ladder.keep_attributes.1", { ladder: { keep_attributes: ["a", "a"] } }],
    ["monthly_budget_usd", { monthly_budget_usd: 0 }],
    ["monthly_budget_usd", { monthly_budget_usd: Number.POSITIVE_INFINITY }],
    ["price_per_gb", { price_per_gb: -0.1 }],
    ["bytes_per_day", { bytes_per_day: "-1MB" }],
    ["calibration", { calibration: -1 }],
    ["replicas.count", { replicas: { count: 1.5 } }],
    ["replicas.share", { replicas: { share: 0 } }],
    ["tenants.attribute", { tenants: { attribute: "" } }],
    ["tenants.default_weight", { tenants: { default_weight: 0 } }],
    ["metric_cardinality_limit", { metric_cardinality_limit: 1 }],
    ["series_window", { series_window: "0s" }],
    ["max_body_bytes", { max_body_bytes: "-1B" }],
    ["ladder.up", { ladder: { up: 0 } }],
    ["ladder.highest", { ladder: { highest: "panic" } }],
    ["ladder.warmup", { ladder: { warmup: "-1m" } }],
    ["ladder.dedupe_window", { ladder: { dedupe_window: 0 } }],
    ["ladder.cold_interval_factor", { ladder: { cold_interval_factor: 0.5 } }],
    ["ladder.top_query_factor", { ladder: { top_query_factor: 0 } }],
    ["ladder.attribute_cardinality", { ladder: { attribute_cardinality: 0 } }],
    ["ladder.metrics_interval_factor", { ladder: { metrics_interval_factor: 0 } }],
    ["ladder.down", { ladder: { down: 1 } }],
    ["ladder.interval", { ladder: { interval: "0s" } }],
    ["ladder.sampling_factor", { ladder: { sampling_factor: 1.5 } }],
    ["on_error", { on_error: "ignore" }],
  ])("refuses a wrong %s", (path, config) => {
    expect(problems({ bytes_per_day: 1000, ...config }).map((text) => text.split(":")[0])).toContain(path);
  });

  it("says everything that is wrong at once", () => {
    const wrong = { monthly_budget_usd: -1, max_body_bytes: 0, golden_metrics: ["a", "a"], ladder: { up: -1 }, no: 1 };
    expect(problems(wrong).map((text) => text.split(":")[0])).toEqual([
      "monthly_budget_usd",
      "ladder.up",
      "ladder.down",
      "max_body_bytes",
      "golden_metrics.1",
      "",
      "price_per_gb",
    ]);
  });
});
