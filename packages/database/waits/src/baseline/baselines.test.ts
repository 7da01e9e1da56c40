import { expect, it } from "vitest";
import { Baselines } from "./baselines.ts";

const hourMs = 3_600_000;

/** Values of five minutes for so many days; the value is told by the hour. */
function learned(days: number, valueAt: (hour: number, step: number) => number, memory = 2000) {
  const baselines = new Baselines({ memory });
  for (let step = 0; step < days * 288; step++) {
    const timeMs = step * 300_000;
    baselines.learn("load", valueAt(Math.floor(timeMs / hourMs) % 24, step), timeMs);
  }
  return baselines;
}

/** Ups and downs without randomness: about uniform between -1 and 1. */
function wobble(step: number): number {
  return (((step * 7919) % 200) - 100) / 100;
}

it("says nothing before it has values enough, and nothing of what it does not know", () => {
  const baselines = new Baselines({ minValues: 20 });
  for (let value = 0; value < 19; value++) baselines.learn("load", 1, 0);
  expect(baselines.compare("load", 1, 0)).toBeUndefined();
  baselines.learn("load", 1, 0);
  expect(baselines.compare("load", 2, 0)).toMatchObject({ usual: 1, ratio: 2, values: 20 });
  expect(baselines.compare("other", 1, 0)).toBeUndefined();
});

it("knows the level and how much is usual around it", () => {
  const baselines = learned(3, (_, step) => 10 + wobble(step));
  const comparison = baselines.compare("load", 20, 0);
  expect(comparison?.usual).toBeCloseTo(10, 0);
  // The mean absolute deviation of a uniform distribution from -1 to 1 is 0.5, which is taken for one of a normal one.
  expect(comparison?.deviations).toBeGreaterThan(12);
  expect(comparison?.deviations).toBeLessThan(20);
  expect(Math.abs(baselines.compare("load", 10.5, 0)?.deviations ?? 9)).toBeLessThan(1.5);
});

it("expects of each hour what it was on other days", () => {
  const baselines = learned(14, (hour, step) => (hour === 2 ? 30 : 3) + wobble(step));
  expect(baselines.compare("load", 30, 2 * hourMs)?.ratio).toBeLessThan(1.3);
  expect(baselines.compare("load", 30, 12 * hourMs)?.ratio).toBeGreaterThan(5);
});

it("is not spoilt by an incident, and follows a change that stays", () => {
  const incident = learned(10, (_, step) => (step >= 2400 && step < 2412 ? 100 : 10) + wobble(step));
  expect(incident.compare("load", 10, 0)?.usual).toBeCloseTo(10, 0);
  const change = learned(30, (_, step) => (step >= 1440 ? 30 : 10) + wobble(step), 500);
  expect(change.compare("load", 30, 0)?.ratio).toBeLessThan(1.2);
});

it("does not make much of little", () => {
  const baselines = learned(1, () => 0);
  const comparison = baselines.compare("load", 0.04, 0);
  expect(comparison?.usual).toBe(0);
  expect(comparison?.ratio).toBeCloseTo(0.8, 10);
  expect(comparison?.deviations).toBeCloseTo(0.8, 10);
});

it("takes finite numbers only, and keeps to its bound", () => {
  const baselines = new Baselines({ maxBaselines: 2 });
  baselines.learn("a", Number.NaN, 0);
  expect(baselines.size).toBe(0);
  for (const key of ["a", "b", "a", "c"]) baselines.learn(key, 1, 0);
  expect([...baselines.states()].map(([key]) => key)).toEqual(["a", "c"]);
});
