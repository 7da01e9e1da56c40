import { describe, expect, it } from "vitest";
import { type Outcome, precision, simulate } from "./history.ts";
import { windowsPerDay } from "./simulation.ts";

describe("the detector over a simulated history", () => {
  it("finds statements that take twice the time by another plan, within three windows", () => {
    const { detector, rule } = simulate({ seed: 1, queries: 60, days: 8, factor: 2 });
    expect(detector.missed).toBe(0);
    expect(detector.delays.length).toBeGreaterThan(15);
    expect(Math.max(...detector.delays)).toBeLessThanOrEqual(3);
    expect(precision(detector)).toBeGreaterThanOrEqual(0.95);
    expect(precision(rule)).toBeLessThan(0.05);
  });

  it("finds those that do so by the same plan, within three windows", () => {
    const { detector } = simulate({ seed: 1, queries: 60, days: 8, factor: 2, otherPlan: false });
    expect(detector.missed).toBe(0);
    expect(Math.max(...detector.delays)).toBeLessThanOrEqual(3);
    expect(precision(detector)).toBeGreaterThanOrEqual(0.95);
  });

  it("is silent when nothing happens: less than one false alarm for each statement in a year", () => {
    const { detector, rule, fences } = simulate({ seed: 2, queries: 30, days: 30, factor: 1 });
    expect(detector.falseAlarms.length).toBeLessThan((30 * 30) / 365);
    for (const { falseAlarms } of [rule, fences]) expect(falseAlarms.length).toBeGreaterThan(1000);
  });

  it("learns an hour of each day and a day of each week that are slower, and is not blind then", () => {
    const { detector, rule } = simulate({ seed: 4, queries: 30, days: 28, factor: 2, rhythms: true });
    const inDays = (from: number, to: number, { falseAlarms }: Outcome): number =>
      falseAlarms.filter((window) => window >= from * windowsPerDay && window < to * windowsPerDay).length;
    expect(inDays(0, 14, detector)).toBeGreaterThan(30);
    expect(inDays(14, 28, detector)).toBeLessThan(10);
    expect(inDays(14, 28, rule)).toBeGreaterThan(1000);
    expect(detector.missed).toBe(0);
    expect(detector.delays.length).toBeGreaterThan(5);
    expect(Math.max(...detector.delays)).toBeLessThanOrEqual(3);
  });
});
