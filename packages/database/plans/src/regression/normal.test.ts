import { describe, expect, it } from "vitest";
import { normalUpperTail } from "./normal.ts";

describe("normalUpperTail", () => {
  // From tables of the distribution.
  it.each([
    [0, 0.5],
    [1, 0.158_655_253_931],
    [1.959_963_984_54, 0.025],
    [3, 0.001_349_898_031_63],
    [6, 9.865_876_450_377e-10],
    [20, 2.753_624_118_606e-89],
  ])("has the tabulated value at %d", (z, tail) => {
    expect(normalUpperTail(z) / tail).toBeCloseTo(1, 10);
    expect(normalUpperTail(-z)).toBeCloseTo(1 - tail, 12);
  });

  it("has no step where the formula changes", () => {
    expect(normalUpperTail(3 - 1e-12) / normalUpperTail(3)).toBeCloseTo(1, 10);
  });
});
