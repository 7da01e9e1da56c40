import type { ExponentialBuckets, ExponentialHistogram, Histogram } from "./api.ts";
import { atScale } from "./exponential-buckets.ts";

/**
 * An exponential histogram as one with explicit bounds, for formats that know no other: at `scale` or below, where each
 * bucket is whole, so that no count is moved. At scale 0 the bounds are powers of two.
 */
export function explicitHistogram(histogram: ExponentialHistogram, scale: number): Histogram {
  const coarse = histogram.scale > scale ? atScale(histogram, scale) : histogram;
  const { count, sum, min, max, zeroCount, zeroThreshold } = coarse;
  const boundAt = (index: number) => 2 ** (index * 2 ** -coarse.scale);
  const buckets = [
    ...entries(coarse.negative).map(({ index, inside }) => ({ bound: -boundAt(index), inside })),
    ...(zeroCount > 0n ? [{ bound: zeroThreshold, inside: zeroCount }] : []),
    ...entries(coarse.positive).map(({ index, inside }) => ({ bound: boundAt(index + 1), inside })),
  ].sort((one, other) => one.bound - other.bound);
  const bounds = buckets.map(({ bound }) => bound);
  // Nothing lies above the highest bound.
  return {
    type: "histogram",
    count,
    sum,
    min,
    max,
    bounds,
    bucketCounts: [...buckets.map(({ inside }) => inside), 0n],
  };
}

function entries({ offset, counts }: ExponentialBuckets) {
  return counts.map((inside, at) => ({ index: offset + at, inside }));
}
