import { describe, expect, it } from "vitest";
import { memoryLimiterConfig } from "./config.ts";
import { memoryLimits } from "./limits.ts";

const mib = 2 ** 20;
const limits = (input: Parameters<typeof memoryLimiterConfig.parse>[0], totalBytes = 1000 * mib) =>
  memoryLimits(memoryLimiterConfig.parse(input), totalBytes);

describe("memoryLimits", () => {
  it("subtracts the spike from the limit", () => {
    expect(limits({ limit_mib: 400, spike_limit_mib: 100 })).toEqual({ hardBytes: 400 * mib, softBytes: 300 * mib });
  });

  it("keeps a fifth free where no spike is set", () => {
    expect(limits({ limit_mib: 400 })).toEqual({ hardBytes: 400 * mib, softBytes: 320 * mib });
    expect(limits({ limit_percentage: 50 })).toEqual({ hardBytes: 500 * mib, softBytes: 400 * mib });
  });

  it("takes percentages of all memory", () => {
    expect(limits({ limit_percentage: 80, spike_limit_percentage: 30 })).toEqual({
      hardBytes: 800 * mib,
      softBytes: 500 * mib,
    });
  });

  it("prefers the absolute limit, as the OpenTelemetry Collector does", () => {
    expect(limits({ limit_mib: 100, limit_percentage: 80, spike_limit_percentage: 30 }).hardBytes).toBe(100 * mib);
  });
});
