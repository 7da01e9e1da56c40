import { describe, expect, it } from "vitest";
import { memoryLimiterConfig } from "./config.ts";

function problems(input: unknown): string[] {
  const result = memoryLimiterConfig.safeParse(input);
  return result.success ? [] : result.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
}

describe("memory_limiter settings", () => {
  it("takes the OpenTelemetry Collector's usual block and its defaults", () => {
    expect(memoryLimiterConfig.parse({ check_interval: "5s", limit_mib: 400, spike_limit_mib: 80 })).toEqual({
      check_interval: 5000,
      limit_mib: 400,
      spike_limit_mib: 80,
      min_gc_interval_when_soft_limited: 10_000,
      max_gc_interval_when_soft_limited: 30_000,
      min_gc_interval_when_hard_limited: 0,
      max_gc_interval_when_hard_limited: 30_000,
    });
    expect(memoryLimiterConfig.parse({ limit_percentage: 75 }).check_interval).toBe(1000);
  });

  it.each([
    [{}, ": set limit_mib or limit_percentage"],
    [{ limit_mib: 100, check_interval: "0s" }, "check_interval: must be longer than 0"],
    [{ limit_mib: 100, spike_limit_mib: 100 }, "spike_limit_mib: spike_limit_mib must be smaller than limit_mib"],
    [
      { limit_percentage: 50, spike_limit_percentage: 60 },
      "spike_limit_percentage: spike_limit_percentage must be smaller than limit_percentage",
    ],
    [{ limit_percentage: 101 }, "limit_percentage: Too big: expected number to be <=100"],
    [{ limit_mib: 100, limit: 1 }, ': Unrecognized key: "limit"'],
  ])("refuses %j", (input, problem) => {
    expect(problems(input)).toEqual([problem]);
  });
});
