import type { LogRecord } from "@dbintel/pdata";

/** Records that are remembered: sets of a few, of which a new one takes the place of the oldest. */
const sets = 2 ** 14;
const ways = 4;

/**
 * Remembers log records that were delivered, by everything in them but their times, ids and scope, of one resource
 * each. A table of fixed size: it allocates nothing once it is there (benchmark `processors`).
 */
export class Duplicates {
  readonly #windowMs: number;
  /** Two hashes a record, 64 bits in all. */
  #hashes = new Int32Array(0);
  #seenMs = new Float64Array(0);
  readonly #content = new Int32Array(2);

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /**
   * Whether the record repeats one of the window; else it is remembered, and its place added to `fresh`.
   * `resource` is a hash of the resource.
   */
  repeats(record: LogRecord, resource: number, nowMs: number, fresh: number[]): boolean {
    if (this.#hashes.length === 0) this.#reserve();
    const hashes = this.#hashes;
    const seenMs = this.#seenMs;
    record.contentHash(resource, this.#content);
    const a = this.#content[0] as number;
    const b = this.#content[1] as number;
    const first = (a & (sets - 1)) * ways;
    let oldest = first;
    for (let at = first; at < first + ways; at++) {
      const seen = seenMs[at] as number;
      if (hashes[at * 2] === a && hashes[at * 2 + 1] === b && nowMs - seen < this.#windowMs) return true;
      if (seen < (seenMs[oldest] as number)) oldest = at;
    }
    hashes[oldest * 2] = a;
    hashes[oldest * 2 + 1] = b;
    seenMs[oldest] = nowMs;
    fresh.push(oldest);
    return false;
  }

  /** Takes back what was not delivered: its sender will send it again. */
  forget(places: readonly number[]): void {
    for (const at of places) this.#seenMs[at] = Number.NEGATIVE_INFINITY;
  }

  #reserve(): void {
    this.#hashes = new Int32Array(sets * ways * 2);
    this.#seenMs = new Float64Array(sets * ways).fill(Number.NEGATIVE_INFINITY);
  }
}
