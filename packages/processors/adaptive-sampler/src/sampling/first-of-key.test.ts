import { expect, it } from "vitest";
import { FirstOfKey } from "./first-of-key.ts";

function firsts(budget: number) {
  const first = new FirstOfKey({ perKey: 2, budget, intervalMs: 1000 });
  first.roll(0);
  return first;
}

it("takes the first of each key in each interval", () => {
  const first = firsts(100);
  expect([1, 2, 3].map(() => first.take(7, true))).toEqual([true, true, false]);
  expect(first.take(8, false)).toBe(true);
  first.roll(999);
  expect(first.take(7, true)).toBe(false);
  first.roll(1000);
  expect(first.take(7, true)).toBe(true);
});

it("has a budget, half of which a flood of new keys cannot take", () => {
  const first = firsts(10);
  const taken = Array.from({ length: 100 }, (_, key) => first.take(key, false)).filter(Boolean);
  expect(taken).toHaveLength(5);
  expect(first.take(1000, true)).toBe(true);
});
