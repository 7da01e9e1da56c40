import { expect, it } from "vitest";
import type { LatencyBuckets } from "./latency-buckets.ts";
import { type LatencyReading, latencyInterval } from "./latency-interval.ts";

const buckets = (count: bigint): LatencyBuckets => new Map([[50, { low: 95_499_258n, high: 100_000_000n, count }]]);

const first: LatencyReading = {
  ...{ micros: 1000n, life: 1, firstSeenMicros: 10n },
  ...{ picoseconds: 2n ** 64n - 40n, buckets: buckets(5n) },
};

it("compares count and time, past the end of the counter too", () => {
  const now = { ...first, micros: 2000n, picoseconds: 60n, buckets: buckets(7n) };
  expect(latencyInterval(now, first)).toEqual({ startMicros: 1000n, picoseconds: 100n, buckets: buckets(2n) });
});

it("takes all that is counted when the statement has begun anew, from then on", () => {
  const now = { ...first, micros: 2000n, firstSeenMicros: 1500n, picoseconds: 60n, buckets: buckets(7n) };
  expect(latencyInterval(now, first)).toEqual({ startMicros: 1500n, picoseconds: 60n, buckets: buckets(7n) });
});

it("knows no time when the histograms alone were emptied", () => {
  const now = { ...first, micros: 2000n, picoseconds: 60n, buckets: buckets(2n) };
  expect(latencyInterval(now, first)).toEqual({ startMicros: 1000n, picoseconds: undefined, buckets: buckets(2n) });
});

it("tells nothing of another life of the server, and nothing at the first reading", () => {
  expect(latencyInterval(first, { ...first, life: 2 })).toBeUndefined();
  expect(latencyInterval(first, undefined)).toBeUndefined();
});
