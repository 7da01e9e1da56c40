/** A collection that frees less than this part of the memory in use was in vain (the OpenTelemetry Collector's figure). */
const effectiveShare = 0.05;

/** How often garbage may be collected by force at one level of pressure, in milliseconds. */
export interface CollectionIntervals {
  readonly minMs: number;
  readonly maxMs: number;
  /** Where doubling begins when `minMs` is 0. */
  readonly stepMs: number;
}

/** Keeps forced collections apart: they block the process, and where nothing is garbage they cost without helping. */
export class CollectionGate {
  readonly #intervals: CollectionIntervals;
  #intervalMs: number;
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor(intervals: CollectionIntervals) {
    this.#intervals = intervals;
    this.#intervalMs = intervals.minMs;
  }

  /** Whether a collection may run at `nowMs`. */
  open(nowMs: number): boolean {
    return nowMs - this.#lastMs >= this.#intervalMs;
  }

  /** Notes a collection: one in vain doubles the interval, up to the longest; one that helped resets it. */
  collected(nowMs: number, bytesBefore: number, bytesAfter: number): void {
    const { minMs, maxMs, stepMs } = this.#intervals;
    this.#lastMs = nowMs;
    const helped = bytesBefore - bytesAfter >= bytesBefore * effectiveShare;
    this.#intervalMs = helped ? minMs : Math.max(minMs, Math.min(maxMs, Math.max(this.#intervalMs, stepMs) * 2));
  }
}
