const bucketsPerDoubling = 2;
const buckets = 44;
/** Calls of which the quantile is taken; older ones count for half each time as many were made. */
const memory = 256;
const quantile = 0.99;
/** The timeout is this many times the quantile: a call that is merely slow for once is let finish. */
const leeway = 2;

/**
 * How long to wait for an answer, learnt from the answers so far: twice their 99th percentile, within bounds. A
 * histogram of durations by powers of √2, so the percentile is exact to that factor; constant memory.
 */
export class AdaptiveTimeout {
  readonly #baseMs: number;
  readonly #maxMs: number;
  readonly #counts = new Uint16Array(buckets);
  #total = 0;
  #ms: number;

  constructor(bounds: { readonly baseMs: number; readonly maxMs: number }) {
    this.#baseMs = bounds.baseMs;
    this.#maxMs = bounds.maxMs;
    this.#ms = bounds.baseMs;
  }

  /** Milliseconds to wait for the next answer; the lower bound until there were answers. */
  get ms(): number {
    return this.#ms;
  }

  /** An answer came after this time. */
  answered(durationMs: number): void {
    this.#add(durationMs);
  }

  /** No answer came in time: it would have taken longer, nobody knows how much. */
  expired(): void {
    this.#add(this.#ms);
  }

  #add(durationMs: number): void {
    const bucket = Math.ceil(Math.log2(Math.max(1, durationMs)) * bucketsPerDoubling);
    const index = Math.min(buckets - 1, bucket);
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    if (++this.#total >= memory) this.#forgetHalf();
    this.#ms = Math.min(this.#maxMs, Math.max(this.#baseMs, leeway * this.#quantileMs()));
  }

  #quantileMs(): number {
    let left = this.#total * (1 - quantile);
    for (let index = buckets - 1; index >= 0; index--) {
      left -= this.#counts[index] ?? 0;
      if (left < 0) return 2 ** (index / bucketsPerDoubling);
    }
    return 0;
  }

  #forgetHalf(): void {
    this.#total = 0;
    for (const [index, count] of this.#counts.entries()) {
      this.#counts[index] = count >> 1;
      this.#total += count >> 1;
    }
  }
}
