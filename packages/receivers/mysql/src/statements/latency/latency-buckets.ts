import type { ExponentialHistogram } from "@dbintel/pdata";

/** One bucket of a histogram of the server: executions that took at least `low` and less than `high` picoseconds. */
export interface LatencyBucket {
  readonly low: bigint;
  readonly high: bigint;
  readonly count: bigint;
}

/** By the server's number of the bucket; empty ones are left out. */
export type LatencyBuckets = ReadonlyMap<number, LatencyBucket>;

/** What was counted in between; `undefined` when a count fell, so that all of them began anew. */
export function growth(now: LatencyBuckets, before: LatencyBuckets): LatencyBuckets | undefined {
  const grown = new Map<number, LatencyBucket>();
  for (const [number, bucket] of now) {
    const count = bucket.count - (before.get(number)?.count ?? 0n);
    if (count < 0n) return undefined;
    if (count > 0n) grown.set(number, { ...bucket, count });
  }
  return [...before.keys()].every((number) => now.has(number)) ? grown : undefined;
}

/** 16 buckets for each doubling, so each is 4.4 % wide: about as wide as the server's, which are 10^(1/50) = 4.7 %. */
const finestScale = 4;
/** As the SDKs of OpenTelemetry keep: of what spreads wider two buckets each become one, as often as it takes. */
const mostBuckets = 160;

/**
 * The server's buckets as those of OpenTelemetry, in seconds. A bucket of the server goes as a whole to the one that holds
 * its (geometric) middle: so an execution lies at most 10^(1/100) = 2.4 % outside of the bucket that it is counted in. What
 * took less than the server can tell apart, 10 µs, is the count of zero; what took more than it can, two and a half hours,
 * counts as just that.
 */
export function exponentialHistogram(args: {
  readonly buckets: LatencyBuckets;
  /** `undefined` when it is not known. */
  readonly seconds: number | undefined;
}): ExponentialHistogram {
  let [count, zeroCount, zeroThreshold] = [0n, 0n, 0];
  let scale = finestScale;
  let counts = new Map<number, bigint>();
  for (const bucket of args.buckets.values()) {
    count += bucket.count;
    if (bucket.low > 0n) {
      add(counts, Math.floor(Math.log2(middleSeconds(bucket)) * 2 ** scale), bucket.count);
    } else {
      zeroCount += bucket.count;
      zeroThreshold = Number(bucket.high) / 1e12;
    }
  }
  while (width(counts) > mostBuckets) {
    const wider = new Map<number, bigint>();
    for (const [index, of] of counts) add(wider, index >> 1, of);
    counts = wider;
    scale--;
  }
  const offset = counts.size === 0 ? 0 : Math.min(...counts.keys());
  const positive = { offset, counts: Array.from({ length: width(counts) }, (_, at) => counts.get(offset + at) ?? 0n) };
  return {
    type: "exponential_histogram",
    ...{ count, sum: args.seconds, min: undefined, max: undefined },
    ...{ scale, zeroCount, zeroThreshold, positive, negative: { offset: 0, counts: [] } },
  };
}

function add(counts: Map<number, bigint>, index: number, count: bigint): void {
  counts.set(index, (counts.get(index) ?? 0n) + count);
}

/** From the first to the last bucket that has something. */
function width(counts: ReadonlyMap<number, bigint>): number {
  return counts.size === 0 ? 0 : Math.max(...counts.keys()) - Math.min(...counts.keys()) + 1;
}

/** The last bucket has no end. */
function middleSeconds({ low, high }: LatencyBucket): number {
  const isLast = high > 2n * low;
  return (isLast ? Number(low) : Math.sqrt(Number(low)) * Math.sqrt(Number(high))) / 1e12;
}
