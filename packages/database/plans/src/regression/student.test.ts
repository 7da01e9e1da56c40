import { describe, expect, it } from "vitest";
import { studentQuantile975, studentUpperTail } from "./student.ts";

describe("studentUpperTail", () => {
  it.each([1, 2, 3, 5, 10, 30, 100, 1e6])("is one half at 0 with %d degrees of freedom", (degrees) => {
    expect(studentUpperTail(0, degrees)).toBeCloseTo(0.5, 12);
  });

  // One degree of freedom is Cauchy's distribution, two have the closed form (1 - t / sqrt(t² + 2)) / 2.
  it.each([-4, -1, -0.1, 0.3, 1, 2.5, 12, 100])("agrees with the closed forms at %d", (t) => {
    expect(studentUpperTail(t, 1)).toBeCloseTo(0.5 - Math.atan(t) / Math.PI, 11);
    expect(studentUpperTail(t, 2)).toBeCloseTo((1 - t / Math.sqrt(t * t + 2)) / 2, 11);
  });

  it("falls with t", () => {
    const tails = [-3, -1, 0, 1, 2, 4, 8, 20, 50].map((t) => studentUpperTail(t, 12));
    expect(tails).toEqual(tails.toSorted((one, other) => other - one));
    expect(tails.at(-1)).toBeGreaterThan(0);
  });
});

describe("studentQuantile975", () => {
  // From tables of the distribution.
  it.each([
    [1, 12.7062],
    [2, 4.30265],
    [5, 2.57058],
    [10, 2.22814],
    [30, 2.04227],
    [100_000, 1.95999],
  ])("has the tabulated value for %d degrees of freedom", (degrees, value) => {
    expect(studentQuantile975(degrees)).toBeCloseTo(value, 4);
  });
});
