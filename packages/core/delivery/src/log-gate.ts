import type { Clock } from "@dbintel/pipeline";

interface Gate {
  openAtMs: number;
  pending: number;
  intervalMs: number;
  lastMs: number;
}

/**
 * Keeps a repeated event from filling the log: the first of a key passes at once, later ones once an interval, with
 * the sum of what happened since. The interval doubles up to `mostMs` while the event goes on, so that an outage of
 * hours is said again from time to time and no more. Keys come from a small fixed set.
 */
export class LogGate {
  readonly #clock: Clock;
  readonly #intervalMs: number;
  readonly #mostMs: number;
  readonly #gates = new Map<string, Gate>();

  constructor(clock: Clock, intervalMs: number, mostMs = intervalMs) {
    this.#clock = clock;
    this.#intervalMs = intervalMs;
    this.#mostMs = mostMs;
  }

  /** The amount to log now, everything that was held back included; `undefined` to stay silent. */
  pass(key: string, amount = 1): number | undefined {
    const nowMs = this.#clock.monotonicMs();
    const gate = this.#gates.get(key);
    if (gate === undefined) {
      const intervalMs = this.#intervalMs;
      this.#gates.set(key, { openAtMs: nowMs + intervalMs, pending: 0, intervalMs, lastMs: nowMs });
      return amount;
    }
    gate.pending += amount;
    gate.lastMs = nowMs;
    if (nowMs < gate.openAtMs) return undefined;
    const sum = gate.pending;
    gate.intervalMs = Math.min(gate.intervalMs * 2, this.#mostMs);
    gate.openAtMs = nowMs + gate.intervalMs;
    gate.pending = 0;
    return sum;
  }

  /** Whether an event was told and is not over. */
  isTold(key: string): boolean {
    return this.#gates.has(key);
  }

  /** True once, when an event that was told has not come for the shortest interval: it begins anew then. */
  isOver(key: string): boolean {
    const gate = this.#gates.get(key);
    if (gate === undefined || this.#clock.monotonicMs() - gate.lastMs < this.#intervalMs) return false;
    return this.#gates.delete(key);
  }

  /** What was held back and never logged. */
  *drain(): Generator<readonly [key: string, amount: number]> {
    for (const [key, gate] of this.#gates) {
      if (gate.pending > 0) yield [key, gate.pending];
    }
    this.#gates.clear();
  }
}
