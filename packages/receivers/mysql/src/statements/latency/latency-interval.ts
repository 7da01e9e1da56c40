import { growth, type LatencyBuckets } from "./latency-buckets.ts";

/** A histogram as it was read, with what its sum is made of. */
export interface LatencyReading {
  /** The server's clock, microseconds since 1970. */
  readonly micros: bigint;
  /** The life of the server's statistics. */
  readonly life: number;
  /** When the server began to count the statement; 0 for all statements together. */
  readonly firstSeenMicros: bigint;
  /** Execution time that was counted with it, a counter of 64 bits; `undefined` where it is not known. */
  readonly picoseconds?: bigint | undefined;
  readonly buckets: LatencyBuckets;
}

/** What was counted between two readings. */
export interface LatencyInterval {
  readonly startMicros: bigint;
  readonly buckets: LatencyBuckets;
  /** The execution time of just these; `undefined` where it is not known. */
  readonly picoseconds: bigint | undefined;
}

/** The reading that is compared with when all that is counted happened since a moment. */
export function emptyReading(
  now: Omit<LatencyReading, "buckets" | "picoseconds">,
  sinceMicros: bigint,
): LatencyReading {
  return { ...now, micros: sinceMicros, picoseconds: 0n, buckets: new Map() };
}

/**
 * A histogram is compared as a whole. When a count has fallen, somebody has emptied the histograms and not the summary:
 * then all that it counts happened since, and how long that took together is not known.
 */
export function latencyInterval(now: LatencyReading, before: LatencyReading | undefined): LatencyInterval | undefined {
  if (before === undefined || before.life !== now.life) return undefined;
  if (before.firstSeenMicros !== now.firstSeenMicros) {
    const since = now.firstSeenMicros > before.micros ? now.firstSeenMicros : before.micros;
    return latencyInterval(now, emptyReading(now, since));
  }
  const startMicros = before.micros;
  const buckets = growth(now.buckets, before.buckets);
  if (buckets === undefined) return { startMicros, buckets: now.buckets, picoseconds: undefined };
  const known = now.picoseconds !== undefined && before.picoseconds !== undefined;
  const picoseconds = known ? BigInt.asUintN(64, now.picoseconds - before.picoseconds) : undefined;
  return { startMicros, buckets, picoseconds };
}
