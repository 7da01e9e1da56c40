import type { Clock } from "@dbintel/pipeline";

const windowMs = 1000;

export interface SamplerOptions {
  readonly clock: Clock;
  /** How many are let through at the beginning of each second. */
  readonly initial: number;
  /** Every n-th of the others in that second; 0 lets none through. */
  readonly thereafter: number;
}

/** Lets the first of each second through and every n-th after them, as the OpenTelemetry Collector's logger samples. */
export class Sampler {
  readonly #options: SamplerOptions;
  #windowEndMs = Number.NEGATIVE_INFINITY;
  #seen = 0;

  constructor(options: SamplerOptions) {
    this.#options = options;
  }

  pass(): boolean {
    const { clock, initial, thereafter } = this.#options;
    const nowMs = clock.monotonicMs();
    if (nowMs >= this.#windowEndMs) {
      this.#windowEndMs = nowMs + windowMs;
      this.#seen = 0;
    }
    this.#seen++;
    if (this.#seen <= initial) return true;
    return thereafter > 0 && (this.#seen - initial) % thereafter === 0;
  }
}
