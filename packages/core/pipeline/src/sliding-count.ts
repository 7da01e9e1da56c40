import type { Clock } from "./clock.ts";

const parts = 10;

/** Counts what happened within a window up to now, to a tenth of the window. Bounded: ten numbers. */
export class SlidingCount {
  readonly #clock: Clock;
  readonly #partMs: number;
  readonly #counts = new Float64Array(parts);
  /** Number of the part of time that the newest count is of. */
  #newest = 0;

  constructor(clock: Clock, windowMs: number) {
    this.#clock = clock;
    this.#partMs = windowMs / parts;
  }

  add(count = 1): void {
    this.#forget();
    const at = this.#newest % parts;
    this.#counts[at] = (this.#counts[at] ?? 0) + count;
  }

  get value(): number {
    this.#forget();
    return this.#counts.reduce((sum, count) => sum + count, 0);
  }

  #forget(): void {
    const now = Math.floor(this.#clock.monotonicMs() / this.#partMs);
    const passed = Math.min(parts, now - this.#newest);
    for (let part = 1; part <= passed; part++) this.#counts[(this.#newest + part) % parts] = 0;
    // After a long silence the loop has cleared all parts, whichever they are.
    this.#newest = now;
  }
}
