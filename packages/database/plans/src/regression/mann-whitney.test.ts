import { describe, expect, it } from "vitest";
import { mannWhitneyUpperTail } from "./mann-whitney.ts";

describe("mannWhitneyUpperTail", () => {
  it("has the p-value that the formula gives by hand, without ties", () => {
    // U = 15 of 15, mean 7.5, variance 15 · 9 / 12: z = 7 / 3.3541.
    expect(mannWhitneyUpperTail([6, 7, 8], [1, 2, 3, 4, 5])).toBeCloseTo(0.018_441, 5);
    // U = 0: z = -8 / 3.3541.
    expect(mannWhitneyUpperTail([1, 2, 3], [4, 5, 6, 7, 8])).toBeCloseTo(0.991_468, 5);
  });

  it("and with ties", () => {
    // U = 14 of 16, mean 8; two pairs of equal values: variance 16/12 · (9 - 12/56): z = 5.5 / 3.4226.
    expect(mannWhitneyUpperTail([3, 5, 6, 7], [1, 2, 3, 5])).toBeCloseTo(0.054_032, 5);
  });

  it("says nothing where all are equal, or there are none", () => {
    expect(mannWhitneyUpperTail([1, 1], [1, 1, 1])).toBe(1);
    expect(mannWhitneyUpperTail([], [1])).toBe(1);
    expect(mannWhitneyUpperTail([1], [])).toBe(1);
  });

  it("does not ask by how much", () => {
    const usual = [1, 2, 3, 4, 5, 6, 7, 8];
    expect(mannWhitneyUpperTail([1e9, 9], usual)).toBe(mannWhitneyUpperTail([9, 10], usual));
  });

  // The exact tail, counted over all arrangements, against the approximation.
  it.each([
    [2, 12],
    [3, 12],
    [3, 24],
  ])("is near the exact tail for %d values among %d", (count, others) => {
    const ranks = Array.from({ length: count + others }, (_, rank) => rank);
    for (const top of [0, 1, 2]) {
      const values = ranks.slice(ranks.length - count - top, ranks.length - top);
      const rest = ranks.filter((rank) => !values.includes(rank));
      const exact = exactTail(values, ranks.length);
      expect(mannWhitneyUpperTail(values, rest)).toBeGreaterThan(exact / 2);
      expect(mannWhitneyUpperTail(values, rest)).toBeLessThan(exact + 0.01);
    }
  });
});

/** The share of all choices of so many ranks whose sum is as large or larger. */
function exactTail(values: readonly number[], total: number): number {
  const sum = values.reduce((one, other) => one + other);
  let all = 0;
  let asLarge = 0;
  const choose = (from: number, left: number, reached: number): void => {
    if (left === 0) {
      all++;
      if (reached >= sum) asLarge++;
      return;
    }
    for (let rank = from; rank <= total - left; rank++) choose(rank + 1, left - 1, reached + rank);
  };
  choose(0, values.length, 0);
  return asLarge / all;
}
