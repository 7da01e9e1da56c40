import { expect, it } from "vitest";
import { wilsonInterval } from "./wilson.ts";

// Rows of table I of R. G. Newcombe, "Two-sided confidence intervals for the single proportion" (1998), method 3.
it.each([
  [81, 263, 0.2553, 0.3662],
  [15, 148, 0.0624, 0.1605],
  [0, 20, 0, 0.1611],
  [1, 29, 0.0061, 0.1718],
])("is that of %i of %i", (inside, count, low, high) => {
  const interval = wilsonInterval(inside / count, count);
  expect(interval.low).toBeCloseTo(low, 4);
  expect(interval.high).toBeCloseTo(high, 4);
});

it("says nothing of nothing", () => {
  expect(wilsonInterval(0, 0)).toEqual({ low: 0, high: 1 });
});
