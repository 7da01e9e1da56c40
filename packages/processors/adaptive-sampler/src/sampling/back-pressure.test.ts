import { expect, it } from "vitest";
import { BackPressure } from "./back-pressure.ts";

const load = (queueFill: number, throttled: number) => ({ queueFill, throttled });

it("halves at each new throttling and rises step by step", () => {
  const pressure = new BackPressure();
  expect(pressure.share(load(0, 5), 0)).toBe(1);
  expect(pressure.share(load(0, 6), 1000)).toBe(0.5);
  expect(pressure.share(load(0, 9), 1500)).toBe(0.5);
  expect(pressure.share(load(0, 9), 2000)).toBe(0.25);
  expect(pressure.share(load(0, 9), 4000)).toBeCloseTo(0.35, 9);
  expect(pressure.share(load(0, 9), 60_000)).toBe(1);
});

it("halves while a queue is nearly full, waits while it empties, and never reaches 0", () => {
  const pressure = new BackPressure();
  expect(pressure.share(load(0.9, 0), 0)).toBe(0.5);
  expect(pressure.share(load(0.6, 0), 1000)).toBe(0.5);
  for (let nowMs = 2000; nowMs < 60_000; nowMs += 1000) pressure.share(load(1, 0), nowMs);
  expect(pressure.share(load(1, 0), 60_000)).toBe(0.01);
});
