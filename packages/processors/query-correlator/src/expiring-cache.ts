import { type Clock, forgottenAfter } from "@dbintel/pipeline";
import { LRUCache } from "lru-cache";

/** How much is remembered, and for how long after it was set last. */
export interface Bounds {
  /** The entry used longest ago makes room. */
  readonly max: number;
  readonly ttlMs: number;
  readonly clock: Clock;
}

/** A cache by the clock of the host. */
export function expiringCache<Value extends object>({ max, ttlMs, clock }: Bounds): LRUCache<string, Value> {
  return new LRUCache({ max, ...forgottenAfter(ttlMs, clock) });
}
