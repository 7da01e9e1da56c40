import { describe, expect, it } from "vitest";
import { ByteLimit } from "./byte-limit.ts";
import { Candidates } from "./candidates.ts";

/** Candidates that are all kept with certainty so far, the first of them by guarantee. */
function kept(bytes: readonly number[], guaranteed: number): Candidates {
  const candidates = Candidates.of({ weights: bytes.map(() => 1), bytes });
  candidates.probabilities.fill(1);
  candidates.guarantees.fill(1, 0, guaranteed);
  return candidates;
}

const probabilities = ({ probabilities: all, count }: Candidates) => [...all.subarray(0, count)];

describe("ByteLimit", () => {
  it("leaves alone what fits", () => {
    const candidates = kept([2, 2, 2], 1);
    new ByteLimit({ perSecond: 100, intervalMs: 1000 }).plan(candidates, 0);
    expect(probabilities(candidates)).toEqual([1, 1, 1]);
  });

  it("lowers guaranteed records least, and the others by one factor", () => {
    const candidates = kept([20, 100, 50], 1);
    new ByteLimit({ perSecond: 100, intervalMs: 1000 }).plan(candidates, 0);
    const [first, second, third] = probabilities(candidates);
    expect(first).toBe(1);
    expect(second).toBe(third);
    expect(second).toBeGreaterThan(0);
    expect((second ?? 0) * 150 + 20).toBeLessThanOrEqual(90);
  });

  it("leaves guaranteed records no more than half of what is left", () => {
    const candidates = kept([100, 100], 1);
    new ByteLimit({ perSecond: 100, intervalMs: 1000 }).plan(candidates, 0);
    expect(candidates.probabilities[0]).toBeCloseTo(0.45, 9);
  });

  it("cuts what was drawn and does not fit, guaranteed records last", () => {
    const candidates = kept([40, 30, 50, 30, 20], 0);
    candidates.guarantees[2] = 1;
    const limit = new ByteLimit({ perSecond: 100, intervalMs: 1000 });
    limit.enforce(candidates, 0);
    expect([0, 1, 2, 3, 4].filter((index) => candidates.isKept(index))).toEqual([0, 2]);
    const next = kept([10, 10], 0);
    limit.enforce(next, 500);
    expect([0, 1].map((index) => next.isKept(index))).toEqual([true, false]);
  });
});
