/** Calls that were made, and those of them that failed or were slow. */
export interface Calls {
  readonly made: number;
  readonly failed: number;
  readonly slow: number;
}

/**
 * Calls of the last `windowMs`, in two buckets: the earlier one counts by the share of it that the window still
 * covers. Constant memory, and no clock of its own.
 */
export class CallWindow {
  readonly #windowMs: number;
  #startMs = 0;
  #calls = 0;
  #failures = 0;
  #slow = 0;
  #callsBefore = 0;
  #failuresBefore = 0;
  #slowBefore = 0;

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  add(nowMs: number, calls: Calls): void {
    this.#turn(nowMs);
    this.#calls += calls.made;
    this.#failures += calls.failed;
    this.#slow += calls.slow;
  }

  rates(nowMs: number): { readonly volume: number; readonly failureRate: number; readonly slowRate: number } {
    this.#turn(nowMs);
    const weight = 1 - (nowMs - this.#startMs) / this.#windowMs;
    const volume = this.#calls + weight * this.#callsBefore;
    if (volume === 0) return { volume, failureRate: 0, slowRate: 0 };
    return {
      volume,
      failureRate: (this.#failures + weight * this.#failuresBefore) / volume,
      slowRate: (this.#slow + weight * this.#slowBefore) / volume,
    };
  }

  clear(): void {
    this.#calls = this.#failures = this.#slow = 0;
    this.#callsBefore = this.#failuresBefore = this.#slowBefore = 0;
  }

  #turn(nowMs: number): void {
    const passed = Math.floor((nowMs - this.#startMs) / this.#windowMs);
    if (passed <= 0) return;
    const adjacent = passed === 1;
    this.#callsBefore = adjacent ? this.#calls : 0;
    this.#failuresBefore = adjacent ? this.#failures : 0;
    this.#slowBefore = adjacent ? this.#slow : 0;
    this.#calls = this.#failures = this.#slow = 0;
    this.#startMs += passed * this.#windowMs;
  }
}
