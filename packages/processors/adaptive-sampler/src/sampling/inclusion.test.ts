import { describe, expect, it } from "vitest";
import { inclusionProbabilities } from "./inclusion.ts";

function probabilitiesOf(sizes: readonly number[], allowance: number, caps = sizes.map(() => 1)) {
  const probabilities = new Float64Array(sizes.length);
  const sum = inclusionProbabilities({
    sizes: Float64Array.from(sizes),
    caps: Float64Array.from(caps),
    probabilities,
    from: 0,
    to: sizes.length,
    allowance,
  });
  return { probabilities: [...probabilities], sum };
}

describe("inclusionProbabilities", () => {
  it("shares the allowance in proportion to size", () => {
    expect(probabilitiesOf([1, 1, 2], 1)).toEqual({ probabilities: [0.25, 0.25, 0.5], sum: 1 });
  });

  it("gives nobody more than the cap, and what is left over to the others", () => {
    expect(probabilitiesOf([100, 1, 1], 2).probabilities).toEqual([1, 0.5, 0.5]);
    expect(probabilitiesOf([1000, 100, 1, 1], 3).probabilities).toEqual([1, 1, 0.5, 0.5]);
    expect(probabilitiesOf([1, 1], 1, [0.25, 1]).probabilities).toEqual([0.25, 0.75]);
  });

  it("keeps everything that the allowance covers", () => {
    expect(probabilitiesOf([3, 1], 5)).toEqual({ probabilities: [1, 1], sum: 2 });
    expect(probabilitiesOf([3, 1], 1, [0.5, 0.25])).toEqual({ probabilities: [0.5, 0.25], sum: 0.75 });
  });

  it.each([0.001, 1, 7.5, 40])("adds up to an allowance of %s with sizes of all magnitudes", (allowance) => {
    const sizes = Array.from({ length: 50 }, (_, index) => 3 ** (index - 25));
    const { probabilities, sum } = probabilitiesOf(sizes, allowance);
    expect(sum).toBeCloseTo(allowance, 9);
    expect(Math.min(...probabilities)).toBeGreaterThan(0);
    expect(Math.max(...probabilities)).toBeLessThanOrEqual(1);
  });

  it("touches nothing outside its stretch", () => {
    const probabilities = Float64Array.of(7, 7, 7, 7);
    const sizes = Float64Array.of(1, 1, 1, 1);
    inclusionProbabilities({ sizes, caps: sizes, probabilities, from: 1, to: 3, allowance: 1 });
    expect([...probabilities]).toEqual([7, 0.5, 0.5, 7]);
  });
});
