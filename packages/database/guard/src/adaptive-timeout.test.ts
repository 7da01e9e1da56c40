import { expect, it } from "vitest";
import { AdaptiveTimeout } from "./adaptive-timeout.ts";

it("is twice what 99 of 100 answers took, within its bounds", () => {
  const timeout = new AdaptiveTimeout({ baseMs: 100, maxMs: 10_000 });
  expect(timeout.ms).toBe(100);
  for (let answer = 0; answer < 50; answer++) timeout.answered(1);
  expect(timeout.ms).toBe(100);
  for (let answer = 0; answer < 50; answer++) timeout.answered(1000);
  expect(timeout.ms).toBeGreaterThanOrEqual(2000);
  expect(timeout.ms).toBeLessThanOrEqual(2 * 1000 * Math.SQRT2);
  for (let answer = 0; answer < 50; answer++) timeout.answered(1e9);
  expect(timeout.ms).toBe(10_000);
});

it("grows with each answer that did not come in time, and forgets slow times", () => {
  const timeout = new AdaptiveTimeout({ baseMs: 100, maxMs: 10_000 });
  const seen = Array.from({ length: 4 }, () => {
    timeout.expired();
    return timeout.ms;
  });
  expect(seen).toEqual(seen.toSorted((a, b) => a - b));
  expect(seen[3]).toBeGreaterThan(1000);
  for (let answer = 0; answer < 3000; answer++) timeout.answered(1);
  expect(timeout.ms).toBe(100);
});
