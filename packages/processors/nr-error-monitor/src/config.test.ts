import { describe, expect, it } from "vitest";
import { nrErrorMonitorConfig } from "./config.ts";

function problems(config: unknown): readonly string[] {
  const result = nrErrorMonitorConfig.safeParse(config);
  return result.success ? [] : result.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
}

describe("nrErrorMonitorConfig", () => {
  it("has New Relic's documented limits for defaults", () => {
    expect(nrErrorMonitorConfig.parse({})).toMatchObject({
      mode: "monitor",
      max_attribute_length: 4095,
      max_metric_name_length: 255,
      max_attributes: { metrics: 100, logs: 255, traces: 254 },
      max_age: 48 * 3_600_000,
      cardinality_limit: 100_000,
    });
  });

  it("never shows the key", () => {
    const { nerdgraph } = nrErrorMonitorConfig.parse({ nerdgraph: { user_key: "NRAK-secret", account_id: 1 } });
    expect(JSON.stringify(nerdgraph)).not.toContain("NRAK");
    expect(nerdgraph).toMatchObject({ region: "us", actions: "propose", canary: { enabled: false } });
  });

  it.each<[string, object]>([
    ["mode", { mode: "repair" }],
    ["max_attribute_length", { max_attribute_length: 0 }],
    ["max_metric_name_length", { max_metric_name_length: 8 }],
    ["max_attributes.logs", { max_attributes: { logs: -1 } }],
    ["max_age", { max_age: "0s" }],
    ["cardinality_limit", { cardinality_limit: 1 }],
    ["window", { window: "0s" }],
    ["keep_attributes.0", { keep_attributes: [""] }],
    ["nerdgraph.account_id", { nerdgraph: { user_key: "k" } }],
    ["nerdgraph.region", { nerdgraph: { user_key: "k", account_id: 1, region: "mars" } }],
    ["nerdgraph.endpoint", { nerdgraph: { user_key: "k", account_id: 1, endpoint: "ftp://x" } }],
    ["nerdgraph.canary.interval", { nerdgraph: { user_key: "k", account_id: 1, canary: { interval: "0s" } } }],
    ["enable_proactive_validation", { enable_proactive_validation: true }],
  ])("refuses %s of %j", (path, config) => {
    expect(problems(config).map((problem) => problem.split(":")[0])).toEqual([path]);
  });
});
