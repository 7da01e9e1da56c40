import { seededRandom } from "@dbintel/pipeline/testing";
import { describe, expect, it } from "vitest";
import { BackOff } from "./back-off.ts";
import { retrySettings } from "./retry-settings.ts";

describe("BackOff", () => {
  it("grows by the multiplier up to the maximum", () => {
    const settings = retrySettings.parse({ randomization_factor: 0 });
    const backOff = new BackOff(settings, seededRandom(1));
    const waits = Array.from({ length: 7 }, () => backOff.next());
    expect(waits).toEqual([5000, 7500, 11_250, 16_875, 25_312.5, 30_000, 30_000]);
  });

  it("spreads each wait around its interval", () => {
    const settings = retrySettings.parse({ randomization_factor: 0.5, multiplier: 1 });
    const backOff = new BackOff(settings, seededRandom(7));
    const waits = Array.from({ length: 1000 }, () => backOff.next());
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(2500);
    expect(Math.max(...waits)).toBeLessThanOrEqual(7500);
    expect(Math.min(...waits)).toBeLessThan(2600);
    expect(Math.max(...waits)).toBeGreaterThan(7400);
  });

  it("never starts above the maximum", () => {
    const settings = retrySettings.parse({ initial_interval: "1m", max_interval: "10s", randomization_factor: 0 });
    expect(new BackOff(settings, seededRandom(1)).next()).toBe(10_000);
  });
});
