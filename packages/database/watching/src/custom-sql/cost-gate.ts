import type { Clock } from "@dbintel/pipeline";

/** A plan may have changed since: what has grown, an index that is gone. */
const recheckMs = 600_000;
/** A run that takes so many times longer than the ones before has another plan, or another amount of rows. */
const slower = 2;
/** Below this nothing is slow. */
const briefMs = 50;

/**
 * Lets a statement run while the server's optimizer thinks it cheap enough. Asked before the first run, every ten
 * minutes, after a run that took twice as long as those before, and when the statement is another.
 */
export class CostGate {
  readonly #clock: Clock;
  readonly #limit: number;
  #asked: { readonly statement: string; readonly atMs: number; readonly cost: number | undefined } | undefined;
  #meanMs: number | undefined;

  /** A limit of 0 lets everything through. */
  constructor(options: { readonly clock: Clock; readonly limit: number }) {
    this.#clock = options.clock;
    this.#limit = options.limit;
  }

  /** Whether the statement that was asked about last may run. */
  get open(): boolean {
    return this.#limit === 0 || (this.#asked?.cost ?? 0) <= this.#limit;
  }

  /** What the statement costs, asked only when that may have changed. */
  async ask(statement: string, cost: () => Promise<number | undefined>): Promise<number | undefined> {
    if (this.#limit === 0) return undefined;
    const now = this.#clock.monotonicMs();
    const asked = this.#asked;
    if (asked?.statement === statement && now < asked.atMs + recheckMs) return asked.cost;
    this.#asked = undefined;
    const found = await cost();
    this.#asked = { statement, atMs: now, cost: found };
    return found;
  }

  /** Takes how long a run took. */
  ran(milliseconds: number): void {
    const mean = this.#meanMs ?? milliseconds;
    if (milliseconds > briefMs && milliseconds > slower * mean) this.#asked = undefined;
    this.#meanMs = 0.8 * mean + 0.2 * milliseconds;
  }
}
