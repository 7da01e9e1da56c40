import { describe, expect, it } from "vitest";
import { circuitBreakerConfig } from "./config.ts";

function problems(config: unknown): readonly string[] {
  const result = circuitBreakerConfig.safeParse(config);
  return result.success ? [] : result.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
}

describe("circuitBreakerConfig", () => {
  it("fills in what is not given", () => {
    expect(circuitBreakerConfig.parse({})).toMatchObject({
      mode: "auto",
      instance_attributes: ["service.instance.id", "server.address"],
      database_attributes: ["db.namespace", "db.name", "database_name"],
      failure_threshold: 5,
      success_threshold: 3,
      open_state_timeout: 5000,
      max_open_state_timeout: 600_000,
      flood: { enabled: true, burst: 10_000, while_open: "share" },
      exporters: { ids: [], on_rate_limit: "refuse", on_cardinality: "pass" },
      on_error: "pass",
    });
  });

  it.each<[string, object]>([
    ["mode", { mode: "off" }],
    ["failure_threshold", { failure_threshold: 0 }],
    ["success_threshold", { success_threshold: 1.5 }],
    ["open_state_timeout", { open_state_timeout: 5 }],
    ["max_databases", { max_databases: 0 }],
    ["idle_timeout", { idle_timeout: "0s" }],
    ["flood.items_per_second", { flood: { items_per_second: -1 } }],
    ["health.limit", { health: { log: "true", limit: true } }],
    ["flood.while_open", { flood: { while_open: "all" } }],
    ["health.failure_share", { health: { log: "true", failure_share: 1.1 } }],
    ["health.slow_share", { health: { slow_span_threshold: "1s", slow_share: 0 } }],
    ["health.minimum_items", { health: { log: "true", minimum_items: 0 } }],
    ["exporters.on_quota", { exporters: { on_quota: "hold" } }],
    ["overrides.0.mode", { overrides: [{ database: "shop" }] }],
    ["new_relic_error_patterns.0", { new_relic_error_patterns: [""] }],
    ["max_concurrent_requests", { max_concurrent_requests: 0 }],
    ["on_error", { on_error: "stop" }],
  ])("refuses a wrong %s", (path, config) => {
    expect(problems(config).map((problem) => problem.split(": ")[0])).toEqual([path]);
  });

  it("refuses conditions that do not compile, with position and suggestion", () => {
    const [problem] = problems({ health: { log: "severty_number >= 17" } });
    expect(problem).toMatch(
      /^health\.log: unknown variable "severty_number" \(did you mean "severity_number"\?\) at 1:1/,
    );
  });

  it("reports everything at once", () => {
    expect(
      problems({
        instance_attributes: [],
        database_attributes: [],
        open_state_timeout: "1m",
        max_open_state_timeout: "1s",
        base_timeout: "1m",
        health: {},
        timeout: "5s",
        memory_threshold_mb: 512,
        unknown: 1,
      }),
    ).toEqual([
      "health: says nothing about what a sick database looks like: set log, span, datapoint or slow_span_threshold",
      "timeout: not supported: write base_timeout",
      "memory_threshold_mb: not supported: use the processor memory_limiter",
      ': Unrecognized key: "unknown"',
    ]);
    expect(
      problems({
        instance_attributes: [],
        database_attributes: [],
        open_state_timeout: "1m",
        max_open_state_timeout: "1s",
        base_timeout: "1m",
      }),
    ).toEqual([
      "database_attributes: without an attribute no item belongs to a database: name one",
      "max_open_state_timeout: must not be below open_state_timeout",
      "max_timeout: must not be below base_timeout",
    ]);
  });
});
