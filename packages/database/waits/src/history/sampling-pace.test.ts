import { expect, it } from "vitest";
import { SamplingPace } from "./sampling-pace.ts";

const cheap = { databaseMs: 1, collectorMs: 1, sessions: 10 };

function factors(costs: readonly Partial<typeof cheap>[]): readonly number[] {
  const pace = new SamplingPace({ intervalMs: 1000, mostShare: 0.01 });
  return costs.map((cost) => {
    pace.observe({ ...cheap, ...cost });
    return pace.factor;
  });
}

it("doubles the interval while a sample takes too much of it on either side, within a bound", () => {
  expect(factors([{}, { databaseMs: 11 }, { collectorMs: 21 }, { databaseMs: 39 }])).toEqual([1, 2, 4, 4]);
  expect(factors(Array.from({ length: 9 }, () => ({ databaseMs: 5000 }))).at(-1)).toBe(16);
});

it("comes back when samples are cheap again, and not before", () => {
  const calm = Array.from({ length: 10 }, () => ({}));
  expect(factors([{ databaseMs: 11 }, ...calm]).slice(-2)).toEqual([2, 1]);
  const almost = Array.from({ length: 30 }, () => ({ databaseMs: 15 }));
  expect(factors([{ databaseMs: 11 }, ...almost]).at(-1)).toBe(2);
});

it("follows the number of sessions at once", () => {
  const counts = [0, 100, 101, 400, 401, 100_000, 100];
  expect(factors(counts.map((sessions) => ({ sessions })))).toEqual([1, 1, 2, 4, 8, 16, 1]);
});
