import type { Clock } from "@dbintel/pipeline";

interface Gate {
  openAtMs: number;
  pending: number;
}

/**
 * Keeps a repeated event from filling the log: the first of a key passes at once, later ones once an interval, with
 * the sum of what happened since. Keys come from a small fixed set.
 */
export class LogGate {
  readonly #clock: Clock;
  readonly #intervalMs: number;
  readonly #gates = new Map<string, Gate>();

  constructor(clock: Clock, intervalMs: number) {
    this.#clock = clock;
    this.#intervalMs = intervalMs;
  }

  /** The amount to log now, everything that was held back included; `undefined` to stay silent. */
  pass(key: string, amount = 1): number | undefined {
    const nowMs = this.#clock.monotonicMs();
    const gate = this.#gates.get(key);
    if (gate === undefined) {
      this.#gates.set(key, { openAtMs: nowMs + this.#intervalMs, pending: 0 });
      return amount;
    }
    gate.pending += amount;
    if (nowMs < gate.openAtMs) return undefined;
    const sum = gate.pending;
    gate.openAtMs = nowMs + this.#intervalMs;
    gate.pending = 0;
    return sum;
  }

  /** What was held back and never logged. */
  *drain(): Generator<readonly [key: string, amount: number]> {
    for (const [key, gate] of this.#gates) {
      if (gate.pending > 0) yield [key, gate.pending];
    }
    this.#gates.clear();
  }
}
