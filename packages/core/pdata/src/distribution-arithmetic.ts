import type { Distribution, ExponentialBuckets, ExponentialHistogram, Histogram } from "@dbintel/pdata";

/** Buckets of an exponential histogram that are joined at most; those of other sizes stay apart. */
const maxBuckets = 1024;
const behindCounts = 2n ** 64n;

/**
 * What two histograms have counted together: counts and buckets are added as integers, sums as doubles; `min` and `max`
 * are those of both, or of neither where one does not know its own. `undefined` where the two cannot be joined without
 * losing something: other bounds, another scale or threshold of zero, a sum that only one has, a count beyond 64 bits.
 */
export function joinDistributions(a: Distribution, b: Distribution): Distribution | undefined {
  if ((a.sum === undefined) !== (b.sum === undefined) || a.count + b.count >= behindCounts) return undefined;
  const common = {
    count: a.count + b.count,
    sum: a.sum === undefined || b.sum === undefined ? undefined : a.sum + b.sum,
    min: a.min === undefined || b.min === undefined ? undefined : Math.min(a.min, b.min),
    max: a.max === undefined || b.max === undefined ? undefined : Math.max(a.max, b.max),
  };
  if (a.type === "histogram") return b.type === "histogram" ? joinExplicit(a, b, common) : undefined;
  return b.type === "exponential_histogram" ? joinExponential(a, b, common) : undefined;
}

type Common = Pick<Histogram, "count" | "sum" | "min" | "max">;

function joinExplicit(a: Histogram, b: Histogram, common: Common): Histogram | undefined {
  const { bounds, bucketCounts } = a;
  if (bounds.length !== b.bounds.length || bucketCounts.length !== b.bucketCounts.length) return undefined;
  if (bounds.some((bound, index) => bound !== b.bounds[index])) return undefined;
  const joined = bucketCounts.map((count, index) => count + (b.bucketCounts[index] ?? 0n));
  return fits(joined) ? { type: "histogram", ...common, bounds, bucketCounts: joined } : undefined;
}

function joinExponential(
  a: ExponentialHistogram,
  b: ExponentialHistogram,
  common: Common,
): ExponentialHistogram | undefined {
  const { scale, zeroThreshold } = a;
  if (scale !== b.scale || zeroThreshold !== b.zeroThreshold) return undefined;
  const zeroCount = a.zeroCount + b.zeroCount;
  const positive = joinBuckets(a.positive, b.positive);
  const negative = joinBuckets(a.negative, b.negative);
  if (positive === undefined || negative === undefined || !fits([zeroCount])) return undefined;
  return { type: "exponential_histogram", ...common, scale, zeroThreshold, zeroCount, positive, negative };
}

function joinBuckets(a: ExponentialBuckets, b: ExponentialBuckets): ExponentialBuckets | undefined {
  if (a.counts.length === 0) return b;
  if (b.counts.length === 0) return a;
  const offset = Math.min(a.offset, b.offset);
  const length = Math.max(a.offset + a.counts.length, b.offset + b.counts.length) - offset;
  if (length > maxBuckets) return undefined;
  const at = ({ offset: first, counts }: ExponentialBuckets, index: number) => counts[offset + index - first] ?? 0n;
  const counts = Array.from({ length }, (_, index) => at(a, index) + at(b, index));
  return fits(counts) ? { offset, counts } : undefined;
}

function fits(counts: readonly bigint[]): boolean {
  return counts.every((count) => count < behindCounts);
}
