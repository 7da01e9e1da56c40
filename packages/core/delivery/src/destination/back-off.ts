import type { Random } from "@dbintel/pipeline";
import type { RetrySettings } from "./retry-settings.ts";

/**
 * Exponential back-off with jitter, the sequence that the OpenTelemetry Collector uses (github.com/cenkalti/backoff):
 * waits are drawn evenly from interval × [1 − factor, 1 + factor]; the interval grows by the multiplier up to its maximum.
 */
export class BackOff {
  readonly #settings: RetrySettings;
  readonly #random: Random;
  #intervalMs: number;

  constructor(settings: RetrySettings, random: Random) {
    this.#settings = settings;
    this.#random = random;
    this.#intervalMs = settings.initial_interval;
  }

  /** Milliseconds to wait before the next attempt. */
  next(): number {
    const { multiplier, max_interval: maximum, randomization_factor: factor } = this.#settings;
    const interval = Math.min(this.#intervalMs, maximum);
    this.#intervalMs = interval * multiplier;
    return interval * (1 + factor * (2 * this.#random.next() - 1));
  }
}
