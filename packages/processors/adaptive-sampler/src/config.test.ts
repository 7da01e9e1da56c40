import { describe, expect, it } from "vitest";
import { adaptiveSamplerConfig } from "./config.ts";

function problems(config: unknown): readonly string[] {
  const result = adaptiveSamplerConfig.safeParse(config);
  if (result.success) return [];
  return result.error.issues.map(({ path, message }) => `${path.join(".")}: ${message.split("\n")[0]}`);
}

describe("adaptiveSamplerConfig", () => {
  it("fills in what is not given", () => {
    expect(adaptiveSamplerConfig.parse({})).toMatchObject({
      rules: [],
      default_sample_rate: 0.1,
      min_sample_rate: 0,
      max_records_per_second: 1000,
      interval: 10_000,
      minimum_per_key: 2,
      deduplication: { enabled: false, window: 300_000, hash_attribute: "db.query.plan.hash", cache_size: 10_000 },
      on_error: "pass",
    });
  });

  it("reports everything that is wrong at its place", () => {
    const found = problems({
      default_sample_rate: 1.5,
      rules: [
        { name: "a", sample_rate: -0.1, condition: "severty_number > 3" },
        { name: "a", sample_rate: 1, conditions: [{ attribute: "x", operator: "like", value: 1 }] },
      ],
      deduplication: { cache_size: 0 },
    });
    expect(found.map((text) => text.slice(0, 75))).toEqual(
      [
        'rules.0.condition: unknown variable "severty_number" (did you mean "severity_number"?) at 1:1',
        "rules.0.sample_rate: Too small: expected number to be >=0",
        'rules.1.conditions.0.operator: Invalid option: expected one of "eq"|"ne"|"gt"|"gte"|"lt"|"lte"|"contains"|"exists"',
        "default_sample_rate: Too big: expected number to be <=1",
        "deduplication.cache_size: Too small: expected number to be >0",
      ].map((text) => text.slice(0, 75)),
    );
  });

  it("refuses two rules of one name", () => {
    const rules = ["a", "b", "a"].map((name) => ({ name, sample_rate: 1 }));
    expect(problems({ rules })).toEqual(['rules.2.name: there is another rule "a"']);
  });

  it.each<[string, object]>([
    ["rules.0.sample_rate", { rules: [{ name: "a" }] }],
    ["rules.0.name", { rules: [{ name: "", sample_rate: 1 }] }],
    ["rules.0.max_per_minute", { rules: [{ name: "a", sample_rate: 1, max_per_minute: -1 }] }],
    [
      "rules.0.conditions",
      {
        rules: [{ name: "a", sample_rate: 1, condition: "true", conditions: [{ attribute: "x", operator: "exists" }] }],
      },
    ],
    ["rules.0.conditions", { rules: [{ name: "a", sample_rate: 1, conditions: [] }] }],
    ...[
      { attribute: "x", operator: "gt", value: "much" },
      { attribute: "x", operator: "contains", value: 5 },
      { attribute: "x", operator: "exists", value: 5 },
      { attribute: "x", operator: "eq" },
    ].map((condition): [string, object] => [
      "rules.0.conditions.0.value",
      { rules: [{ name: "a", sample_rate: 1, conditions: [condition] }] },
    ]),
    ["min_sample_rate", { min_sample_rate: 2 }],
    ["max_records_per_second", { max_records_per_second: 0 }],
    ["max_bytes_per_second", { max_bytes_per_second: 0 }],
    ["interval", { interval: "0s" }],
    ["interval", { interval: 10 }],
    ["max_keys", { max_keys: 0 }],
    ["minimum_per_key", { minimum_per_key: 1.5 }],
    ["keep_always.classes.0", { keep_always: { classes: ["everything"] } }],
    ["keep_always.max_records_per_second", { keep_always: { max_records_per_second: 0 } }],
    ["keep_always.memory", { keep_always: { memory: 0 } }],
    ["deduplication.window", { deduplication: { window: "0s" } }],
    ["deduplication.window_seconds", { deduplication: { window_seconds: 300 } }],
    ["in_memory_only", { in_memory_only: true }],
    ["on_error", { on_error: "ignore" }],
  ])("refuses a wrong %s", (path, config) => {
    expect(problems(config).map((text) => text.split(":")[0])).toContain(path);
  });

  it("takes a condition that only logs or only spans can answer", () => {
    const rules = ["severity_number > 8", 'duration > duration("1s")'].map((condition) => ({
      name: condition,
      sample_rate: 1,
      condition,
    }));
    expect(problems({ rules })).toEqual([]);
  });
});
