import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ExponentialHistogram, Histogram } from "./api.ts";
import { joinDistributions } from "./distribution-arithmetic.ts";

const explicit: Histogram = {
  type: "histogram",
  count: 3n,
  sum: 12,
  min: 1,
  max: 9,
  bounds: [5],
  bucketCounts: [2n, 1n],
};
const exponential: ExponentialHistogram = {
  type: "exponential_histogram",
  count: 4n,
  sum: 10,
  min: 0,
  max: 5,
  scale: 1,
  zeroCount: 1n,
  zeroThreshold: 0,
  positive: { offset: -1, counts: [1n, 2n] },
  negative: { offset: 0, counts: [] },
};

describe("joinDistributions", () => {
  it("adds counts, sums and buckets, and takes the wider range", () => {
    const other = { ...explicit, count: 2n, sum: 11, min: 0.5, max: 7, bucketCounts: [1n, 1n] };
    const joined = { ...explicit, count: 5n, sum: 23, min: 0.5, max: 9, bucketCounts: [3n, 2n] };
    expect(joinDistributions(explicit, other)).toEqual(joined);
    expect(joinDistributions(other, explicit)).toEqual(joined);
  });

  it("lines up the buckets of exponential histograms", () => {
    const positive = { offset: 2, counts: [4n] };
    const negative = { offset: -3, counts: [1n] };
    expect(joinDistributions(exponential, { ...exponential, zeroCount: 3n, positive, negative })).toEqual({
      ...exponential,
      count: 8n,
      sum: 20,
      zeroCount: 4n,
      positive: { offset: -1, counts: [1n, 2n, 0n, 4n] },
      negative,
    });
  });

  it("knows no range where one of the two does not know its own", () => {
    const joined = joinDistributions(explicit, { ...explicit, min: undefined, max: undefined });
    expect(joined).toMatchObject({ count: 6n, min: undefined, max: undefined });
  });

  it.each<[string, Histogram | ExponentialHistogram, Histogram | ExponentialHistogram]>([
    ["another kind", explicit, exponential],
    ["other bounds", explicit, { ...explicit, bounds: [6] }],
    ["fewer bounds", explicit, { ...explicit, bounds: [], bucketCounts: [3n] }],
    ["no buckets", explicit, { ...explicit, bucketCounts: [] }],
    ["a sum that only one has", explicit, { ...explicit, sum: undefined }],
    ["a count beyond 64 bits", explicit, { ...explicit, count: 2n ** 64n - 1n }],
    ["a bucket beyond 64 bits", explicit, { ...explicit, bucketCounts: [0n, 2n ** 64n - 1n] }],
    ["zeros beyond 64 bits", exponential, { ...exponential, zeroCount: 2n ** 64n - 1n }],
  ])("does not join %s", (_, a, b) => {
    expect(joinDistributions(a, b)).toBeUndefined();
    expect(joinDistributions(b, a)).toBeUndefined();
  });

  it("joins buckets that are far apart at a scale that is low enough", () => {
    const far = { ...exponential, positive: { offset: 2 ** 31 - 2, counts: [1n] } };
    expect(joinDistributions(exponential, far)).toMatchObject({
      scale: -23,
      positive: { offset: -1, counts: [1n, 2n, ...new Array<bigint>(126).fill(0n), 1n] },
    });
  });

  it("keeps every bucket of exponential histograms, in any order of joining", () => {
    const buckets = fc.record({
      offset: fc.integer({ min: -50, max: 50 }),
      counts: fc.array(fc.bigInt(0n, 2n ** 40n), { maxLength: 5 }),
    });
    const some = fc.array(
      fc
        .record({ positive: buckets, negative: buckets })
        .map((sides): ExponentialHistogram => ({ ...exponential, ...sides })),
      { minLength: 1, maxLength: 6 },
    );
    fc.assert(
      fc.property(some, (histograms) => {
        const joined = histograms.reduce((a, b) => {
          const both = joinDistributions(a, b);
          if (both?.type !== "exponential_histogram") throw new Error("not joined");
          return both;
        });
        for (const side of ["positive", "negative"] as const) {
          expect(countsOf([joined], side)).toEqual(countsOf(histograms, side));
        }
      }),
      { numRuns: 200 },
    );
  });
});

/** Counts by bucket number, without empty buckets. */
function countsOf(histograms: readonly ExponentialHistogram[], side: "positive" | "negative"): Map<number, bigint> {
  const all: [number, bigint][] = histograms.flatMap((histogram) => {
    const { offset, counts } = histogram[side];
    return counts.map((count, index): [number, bigint] => [offset + index, count]);
  });
  const sums = new Map<number, bigint>();
  for (const [bucket, count] of all.sort(([a], [b]) => a - b)) {
    if (count > 0n) sums.set(bucket, (sums.get(bucket) ?? 0n) + count);
  }
  return sums;
}
