import type { Clock, Timer } from "../clock.ts";

interface Scheduled {
  readonly dueMs: number;
  readonly order: number;
  readonly callback: () => void;
}

/** A clock that moves only when a test says so. */
export class FakeClock implements Clock {
  #nowMs = 0;
  #unixNano: bigint;
  #order = 0;
  #scheduled = new Set<Scheduled>();

  constructor(unixNano = 1_700_000_000_000_000_000n) {
    this.#unixNano = unixNano;
  }

  unixNano(): bigint {
    return this.#unixNano;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  schedule(delayMs: number, callback: () => void): Timer {
    const entry = { dueMs: this.#nowMs + Math.max(0, delayMs), order: this.#order++, callback };
    this.#scheduled.add(entry);
    return { cancel: () => void this.#scheduled.delete(entry) };
  }

  /** Timers that have not run and were not cancelled: a stopped component leaves none. */
  get pendingTimers(): number {
    return this.#scheduled.size;
  }

  /** Milliseconds until the next timer; `undefined` when none is pending. */
  get nextTimerMs(): number | undefined {
    const next = this.#next();
    return next === undefined ? undefined : next.dueMs - this.#nowMs;
  }

  /** Moves the wall clock alone, as an operator or NTP does. */
  jump(byNano: bigint): void {
    this.#unixNano += byNano;
  }

  /**
   * Moves time forward, running due timers in order. After each timer it lets promise callbacks and I/O callbacks
   * that are ready run, so that work started by a timer can schedule the next one.
   */
  async advance(byMs: number): Promise<void> {
    const untilMs = this.#nowMs + byMs;
    await settle();
    for (let next = this.#next(); next !== undefined && next.dueMs <= untilMs; next = this.#next()) {
      this.#scheduled.delete(next);
      this.#moveTo(next.dueMs);
      next.callback();
      await settle();
    }
    this.#moveTo(untilMs);
    await settle();
  }

  #moveTo(ms: number): void {
    this.#unixNano += BigInt(Math.round((ms - this.#nowMs) * 1e6));
    this.#nowMs = ms;
  }

  #next(): Scheduled | undefined {
    let first: Scheduled | undefined;
    for (const entry of this.#scheduled) {
      if (
        first === undefined ||
        entry.dueMs < first.dueMs ||
        (entry.dueMs === first.dueMs && entry.order < first.order)
      ) {
        first = entry;
      }
    }
    return first;
  }
}

/** Lets pending promise callbacks run: a turn of the event loop, no real time. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
