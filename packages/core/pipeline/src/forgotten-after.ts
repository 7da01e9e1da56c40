import type { Clock } from "./clock.ts";

/**
 * Options of lru-cache, to be spread into others: it forgets what is older by the host's clock. The clock is asked each
 * time: by itself the cache would go on with one answer until a timer of the process has run.
 */
export function forgottenAfter(ttlMs: number, clock: Pick<Clock, "monotonicMs">) {
  // A monotonic clock may start at 0, which the cache takes for "no time".
  return { ttl: ttlMs, ttlResolution: 0, perf: { now: () => 1 + clock.monotonicMs() } };
}
