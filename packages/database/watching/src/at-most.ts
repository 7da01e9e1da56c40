import type { Clock } from "@dbintel/pipeline";

/**
 * Bounds a cache of lru-cache by the number of its entries. With `max` it would make room for all of them at once, some
 * 20 bytes each, and these caches exist once for each server that is watched.
 */
export function atMost(entries: number): { readonly maxSize: number; readonly sizeCalculation: () => number } {
  return { maxSize: entries, sizeCalculation: () => 1 };
}

/**
 * Has a cache of lru-cache forget what is older by the host's clock. The clock is asked each time: by itself the cache
 * would go on with one answer until a timer of the process has run.
 */
export function forgottenAfter(ttlMs: number, clock: Pick<Clock, "monotonicMs">) {
  // A monotonic clock may start at 0, which the cache takes for "no time".
  return { ttl: ttlMs, ttlResolution: 0, perf: { now: () => 1 + clock.monotonicMs() } };
}
