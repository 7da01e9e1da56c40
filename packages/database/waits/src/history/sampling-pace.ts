/** What one sample took. */
export interface SampleCost {
  /** In the database, in milliseconds. */
  readonly databaseMs: number;
  /** In the collector, in milliseconds. */
  readonly collectorMs: number;
  /** How many sessions were active. */
  readonly sessions: number;
}

export interface SamplingPaceOptions {
  readonly intervalMs: number;
  /** Of the interval, that one sample may take on either side. */
  readonly mostShare: number;
}

/** Up to so many active sessions the interval is the configured one; it doubles as often as their number does. */
const usualSessions = 100;
/** Samples in a row that would fit into half of the interval, before it is halved. */
const calmSamples = 10;
/** A sample a second becomes one in 16 seconds at most. */
const slowestFactor = 16;

/**
 * How many times longer than configured the interval between samples is: twice as long after each sample that took too
 * much of it, half as long again when ten samples in a row would have fitted.
 */
export class SamplingPace {
  readonly #options: SamplingPaceOptions;
  #costFactor = 1;
  #sessionFactor = 1;
  #calm = 0;

  constructor(options: SamplingPaceOptions) {
    this.#options = options;
  }

  /** At least 1, a power of two. */
  get factor(): number {
    return Math.max(this.#costFactor, this.#sessionFactor);
  }

  observe({ databaseMs, collectorMs, sessions }: SampleCost): void {
    const { intervalMs, mostShare } = this.#options;
    const allowedMs = mostShare * intervalMs * this.#costFactor;
    const costMs = Math.max(databaseMs, collectorMs);
    if (costMs > allowedMs) {
      this.#costFactor = Math.min(slowestFactor, 2 * this.#costFactor);
      this.#calm = 0;
    } else if (costMs > allowedMs / 2) this.#calm = 0;
    else if (++this.#calm >= calmSamples) {
      this.#costFactor = Math.max(1, this.#costFactor / 2);
      this.#calm = 0;
    }
    const doublings = Math.ceil(Math.log2(Math.max(1, sessions / usualSessions)));
    this.#sessionFactor = Math.min(slowestFactor, 2 ** doublings);
  }
}
