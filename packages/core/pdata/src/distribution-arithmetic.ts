import type { Distribution, ExponentialHistogram, Histogram } from "./api.ts";
import { atScale, bucketIncrease, commonScale, joinBuckets, withZeroThreshold } from "./exponential-buckets.ts";

const behindCounts = 2n ** 64n;

/**
 * What two histograms have counted together: counts and buckets are added as integers, sums as doubles; `min` and `max`
 * are those of both, or of neither where one does not know its own. Exponential histograms meet at the lower scale and
 * the wider threshold of zero, and at a scale low enough for 160 buckets a side. `undefined` where the two cannot be
 * joined: another kind, other bounds, a sum that only one has, a count beyond 64 bits.
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

/**
 * What was counted from an earlier total of a histogram to a later one, without `min` and `max`, which only the whole
 * has. A total whose scale has fallen on the way is compared at the lower one. `undefined` when the later total cannot
 * have grown out of the earlier one: the histogram was reset, or has other bounds.
 */
export function distributionIncrease(later: Distribution, earlier: Distribution): Distribution | undefined {
  if (later.count < earlier.count || (later.sum === undefined) !== (earlier.sum === undefined)) return undefined;
  const common = {
    count: later.count - earlier.count,
    sum: later.sum === undefined || earlier.sum === undefined ? undefined : later.sum - earlier.sum,
    min: undefined,
    max: undefined,
  };
  if (later.type === "histogram") {
    return earlier.type === "histogram" ? explicitIncrease(later, earlier, common) : undefined;
  }
  return earlier.type === "exponential_histogram" ? exponentialIncrease(later, earlier, common) : undefined;
}

type Common = Pick<Histogram, "count" | "sum" | "min" | "max">;

function joinExplicit(a: Histogram, b: Histogram, common: Common): Histogram | undefined {
  if (!hasSameBounds(a, b)) return undefined;
  const bucketCounts = a.bucketCounts.map((count, index) => count + (b.bucketCounts[index] ?? 0n));
  return fits(bucketCounts) ? { type: "histogram", ...common, bounds: a.bounds, bucketCounts } : undefined;
}

function explicitIncrease(later: Histogram, earlier: Histogram, common: Common): Histogram | undefined {
  if (!hasSameBounds(later, earlier)) return undefined;
  const bucketCounts = later.bucketCounts.map((count, index) => count - (earlier.bucketCounts[index] ?? 0n));
  if (bucketCounts.some((count) => count < 0n)) return undefined;
  return { type: "histogram", ...common, bounds: later.bounds, bucketCounts };
}

function hasSameBounds(a: Histogram, b: Histogram): boolean {
  if (a.bounds.length !== b.bounds.length || a.bucketCounts.length !== b.bucketCounts.length) return false;
  return a.bounds.every((bound, index) => bound === b.bounds[index]);
}

function joinExponential(
  a: ExponentialHistogram,
  b: ExponentialHistogram,
  common: Common,
): ExponentialHistogram | undefined {
  const scale = commonScale(a, b);
  const zeroThreshold = Math.max(a.zeroThreshold, b.zeroThreshold);
  const one = withZeroThreshold(atScale(a, scale), zeroThreshold);
  const other = withZeroThreshold(atScale(b, scale), zeroThreshold);
  const zeroCount = one.zeroCount + other.zeroCount;
  const positive = joinBuckets(one.positive, other.positive);
  const negative = joinBuckets(one.negative, other.negative);
  if (!fits([zeroCount, ...positive.counts, ...negative.counts])) return undefined;
  return { type: "exponential_histogram", ...common, scale, zeroThreshold, zeroCount, positive, negative };
}

function exponentialIncrease(
  later: ExponentialHistogram,
  earlier: ExponentialHistogram,
  common: Common,
): ExponentialHistogram | undefined {
  const { scale, zeroThreshold } = later;
  if (scale > earlier.scale || zeroThreshold < earlier.zeroThreshold) return undefined;
  const before = withZeroThreshold(atScale(earlier, scale), zeroThreshold);
  const positive = bucketIncrease(later.positive, before.positive);
  const negative = bucketIncrease(later.negative, before.negative);
  const zeroCount = later.zeroCount - before.zeroCount;
  if (positive === undefined || negative === undefined || zeroCount < 0n) return undefined;
  return { type: "exponential_histogram", ...common, scale, zeroThreshold, zeroCount, positive, negative };
}

function fits(counts: readonly bigint[]): boolean {
  return counts.every((count) => count < behindCounts);
}
