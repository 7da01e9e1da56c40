/**
 * Arithmetic of exponential histograms, by OpenTelemetry's data model ("ExponentialHistogram", "Exponential Scale",
 * "Zero Count and Zero Threshold").
 */
import type { ExponentialBuckets, ExponentialHistogram } from "./api.ts";

/** As many buckets a side as the OpenTelemetry SDKs keep by default. */
const maxBuckets = 160;

const noBuckets: ExponentialBuckets = { offset: 0, counts: [] };

/** The highest scale, at most `scale`, at which two are added without more than 160 buckets a side. */
export function commonScale(one: ExponentialHistogram, other: ExponentialHistogram): number {
  let scale = Math.min(one.scale, other.scale);
  const width = (side: "positive" | "negative") => {
    const ends = [one, other]
      .filter((histogram) => histogram[side].counts.length > 0)
      .flatMap((histogram) => {
        const { offset, counts } = histogram[side];
        return [offset, offset + counts.length - 1].map((index) => indexAt(index, histogram.scale - scale));
      });
    return ends.length === 0 ? 0 : Math.max(...ends) - Math.min(...ends) + 1;
  };
  while (Math.max(width("positive"), width("negative")) > maxBuckets) scale--;
  return scale;
}

/** At a lower scale 2^n buckets become one, and every count stays exact. */
export function atScale(histogram: ExponentialHistogram, scale: number): ExponentialHistogram {
  const by = histogram.scale - scale;
  if (by === 0) return histogram;
  const positive = merged(histogram.positive, by);
  const negative = merged(histogram.negative, by);
  return { ...histogram, scale, positive, negative };
}

/** Counts the buckets that lie wholly within a wider threshold as zeros. */
export function withZeroThreshold(histogram: ExponentialHistogram, zeroThreshold: number): ExponentialHistogram {
  if (zeroThreshold <= histogram.zeroThreshold) return histogram;
  let { zeroCount } = histogram;
  const outside = ({ offset, counts }: ExponentialBuckets): ExponentialBuckets => {
    const inside = counts.findIndex((_, at) => 2 ** ((offset + at + 1) * 2 ** -histogram.scale) > zeroThreshold);
    const first = inside < 0 ? counts.length : inside;
    for (const count of counts.slice(0, first)) zeroCount += count;
    return { offset: offset + first, counts: counts.slice(first) };
  };
  const positive = outside(histogram.positive);
  const negative = outside(histogram.negative);
  return { ...histogram, zeroThreshold, zeroCount, positive, negative };
}

/** The counts of both, which have the same scale, without empty buckets at the ends. */
export function joinBuckets(one: ExponentialBuckets, other: ExponentialBuckets): ExponentialBuckets {
  if (one.counts.length === 0) return trimmed(other);
  if (other.counts.length === 0) return trimmed(one);
  const offset = Math.min(one.offset, other.offset);
  const end = Math.max(one.offset + one.counts.length, other.offset + other.counts.length);
  const at = ({ offset: first, counts }: ExponentialBuckets, index: number) => counts[offset + index - first] ?? 0n;
  const counts = Array.from({ length: end - offset }, (_, index) => at(one, index) + at(other, index));
  return trimmed({ offset, counts });
}

/** What came to each bucket; `undefined` when the earlier one has counted what the later one has not. */
export function bucketIncrease(later: ExponentialBuckets, earlier: ExponentialBuckets): ExponentialBuckets | undefined {
  const counts = [...later.counts];
  for (const [at, count] of earlier.counts.entries()) {
    if (count === 0n) continue;
    const index = earlier.offset + at - later.offset;
    const left = (counts[index] ?? 0n) - count;
    if (left < 0n) return undefined;
    counts[index] = left;
  }
  return trimmed({ offset: later.offset, counts });
}

/** Where a bucket goes when the scale falls. */
function indexAt(index: number, by: number): number {
  return Math.floor(index / 2 ** by);
}

function merged({ offset, counts }: ExponentialBuckets, by: number): ExponentialBuckets {
  if (counts.length === 0) return noBuckets;
  const first = indexAt(offset, by);
  const result = new Array<bigint>(indexAt(offset + counts.length - 1, by) - first + 1).fill(0n);
  for (const [at, count] of counts.entries()) {
    const index = indexAt(offset + at, by) - first;
    result[index] = (result[index] ?? 0n) + count;
  }
  return { offset: first, counts: result };
}

function trimmed({ offset, counts }: ExponentialBuckets): ExponentialBuckets {
  const from = counts.findIndex((count) => count !== 0n);
  if (from < 0) return noBuckets;
  const to = counts.findLastIndex((count) => count !== 0n) + 1;
  return { offset: offset + from, counts: counts.slice(from, to) };
}
