import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { shares } from "./shares.ts";

const counts = fc.array(fc.nat({ max: 10_000 }), { minLength: 1, maxLength: 50 });

describe("shares", () => {
  it("sum up to what was rejected, and none is above its sender's own count", () => {
    fc.assert(
      fc.property(counts, fc.nat({ max: 600_000 }), (own, rejected) => {
        const spread = shares(rejected, own);
        const total = own.reduce((sum, count) => sum + count, 0);
        expect(spread.reduce((sum, share) => sum + share, 0)).toBe(Math.min(rejected, total));
        spread.forEach((share, index) => {
          expect(share).toBeGreaterThanOrEqual(0);
          expect(share).toBeLessThanOrEqual(own[index] ?? -1);
        });
      }),
    );
  });

  it("are proportional", () => {
    expect(shares(10, [50, 30, 20])).toEqual([5, 3, 2]);
    expect(shares(1, [1, 1, 1])).toEqual([0, 0, 1]);
  });
});
