import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { exponentialHistogram, growth, type LatencyBucket, type LatencyBuckets } from "./latency-buckets.ts";

/** Where the server's buckets end, in picoseconds: 10 µs, and from there 50 for each power of ten. */
const bounds = Array.from({ length: 449 }, (_, index) => BigInt(Math.floor(1e7 * 10 ** (index / 50))));

/** As the server counts: the number of the bucket of an execution, and the bucket. */
function bucketOf(picoseconds: bigint): readonly [number, LatencyBucket] {
  const found = bounds.findIndex((bound) => picoseconds < bound);
  const number = found < 0 ? 449 : found;
  return [number, { low: bounds[number - 1] ?? 0n, high: bounds[number] ?? 2n ** 64n - 1n, count: 1n }];
}

function counted(all: readonly bigint[]): LatencyBuckets {
  const buckets = new Map<number, LatencyBucket>();
  for (const [number, bucket] of all.map(bucketOf)) {
    buckets.set(number, { ...bucket, count: (buckets.get(number)?.count ?? 0n) + 1n });
  }
  return buckets;
}

/** From a nanosecond to a day. */
const duration = fc.double({ min: 3, max: 16.94, noNaN: true }).map((power) => BigInt(Math.round(10 ** power)));
const zeroPicoseconds = 10_000_000n;
const lastPicoseconds = bounds.at(-1) ?? 0n;
/** Half a bucket of the server's. */
const tolerance = 10 ** (1 / 100) + 1e-6;

describe("exponential histograms of the server's buckets", () => {
  it("count each execution in a bucket that it lies in, or misses by half a bucket of the server's", () => {
    fc.assert(
      fc.property(duration, (picoseconds) => {
        const { count, zeroCount, zeroThreshold, scale, positive } = exponentialHistogram({
          buckets: counted([picoseconds]),
          seconds: 1,
        });
        expect(count).toBe(1n);
        if (picoseconds < zeroPicoseconds) {
          expect({ zeroCount, zeroThreshold, counts: positive.counts }).toEqual({
            ...{ zeroCount: 1n, zeroThreshold: 1e-5, counts: [] },
          });
          return;
        }
        expect({ zeroCount, counts: positive.counts, scale }).toEqual({ zeroCount: 0n, counts: [1n], scale: 4 });
        const seconds = Number(picoseconds > lastPicoseconds ? lastPicoseconds : picoseconds) / 1e12;
        const bound = (index: number) => 2 ** (index * 2 ** -scale);
        expect(seconds).toBeGreaterThanOrEqual(bound(positive.offset) / tolerance);
        expect(seconds).toBeLessThanOrEqual(bound(positive.offset + 1) * tolerance);
      }),
      { numRuns: 2000, seed: 7 },
    );
  });

  it("count all executions, in no more than 160 buckets however far they are apart", () => {
    fc.assert(
      fc.property(fc.array(duration, { maxLength: 300 }), (all) => {
        const { count, zeroCount, positive, scale } = exponentialHistogram({
          buckets: counted(all),
          seconds: undefined,
        });
        expect(positive.counts.length).toBeLessThanOrEqual(160);
        expect(zeroCount + positive.counts.reduce((sum, each) => sum + each, 0n)).toBe(BigInt(all.length));
        expect(count).toBe(BigInt(all.length));
        const exact = all.filter((each) => each >= zeroPicoseconds && each < lastPicoseconds);
        const shortest = Number(exact.reduce((least, each) => (each < least ? each : least), lastPicoseconds)) / 1e12;
        const first = 2 ** (positive.offset * 2 ** -scale);
        if (exact.length > 0) expect(first / tolerance).toBeLessThanOrEqual(shortest);
      }),
      { numRuns: 200, seed: 7 },
    );
  });

  it("are coarser only as far as they must be", () => {
    const scales = [
      [50_000_000n, 45_000_000_000n], // not quite 10 doublings
      [50_000_000n, 100_000_000_000n],
      [50_000_000n, 50_000_000_000_000n], // a millionfold
      [50_000_000n, 9_000_000_000_000_000n],
    ].map((all) => exponentialHistogram({ buckets: counted(all), seconds: 1 }).scale);
    expect(scales).toEqual([4, 3, 3, 2]);
  });
});

describe("the growth of buckets", () => {
  it("is what was counted in between, without empty buckets", () => {
    const before = counted([20_000_000n, 20_000_000n, 90_000_000n]);
    const now = counted([20_000_000n, 20_000_000n, 90_000_000n, 90_000_000n, 1n]);
    expect(growth(now, before)).toEqual(counted([90_000_000n, 1n]));
    expect(growth(now, now)).toEqual(new Map());
  });

  it("is unknown when a count fell or is gone", () => {
    expect(growth(counted([1n]), counted([1n, 1n]))).toBeUndefined();
    expect(growth(counted([1n, 1n]), counted([90_000_000n]))).toBeUndefined();
  });
});
