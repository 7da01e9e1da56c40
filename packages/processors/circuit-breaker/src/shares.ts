import type { Circuit } from "./circuit.ts";

/**
 * What databases may send: each that is at work has an equal part of the whole, collects up to `burst` of it while it
 * is calm, and what it then leaves is lent to whoever asks. So a database always gets its part, however much others
 * send, and alone it gets everything. (The hierarchy of token buckets that lend, after Floyd & Jacobson, "Link-sharing
 * and Resource Management Models for Packet Networks", 1995.)
 */
export class Shares {
  readonly #perSecond: number;
  readonly #burstSeconds: number;
  /** What is handed out in this interval, and among how many at least. */
  #refill: number;
  #workers = 1;
  #entered = 0;
  #lent = 0;

  constructor(args: { readonly itemsPerSecond: number; readonly burstMs: number; readonly intervalMs: number }) {
    this.#perSecond = args.itemsPerSecond;
    this.#burstSeconds = args.burstMs / 1000;
    this.#refill = (args.itemsPerSecond * args.intervalMs) / 1000;
  }

  /** Takes the place of one item, or says that there is none. */
  take(circuit: Circuit): boolean {
    if (circuit.tokens >= 1) {
      circuit.tokens--;
      return true;
    }
    if (circuit.limited || this.#lent < 1) return false;
    this.#lent--;
    return true;
  }

  /** Hands a database its part of the interval that begins, `absent` intervals after its last one. */
  enter(circuit: Circuit, absent: number): void {
    // Many may begin at once: each counts for those that come after it.
    const workers = Math.max(this.#workers, ++this.#entered);
    const part = this.#refill / workers;
    const most = Math.max(1, (this.#perSecond / workers) * this.#burstSeconds, part);
    const tokens = circuit.interval < 0 ? most : circuit.tokens + part * absent;
    // What an absent database has left was handed to the others already.
    if (absent === 1) this.#lend(tokens - most);
    circuit.tokens = Math.min(most, tokens);
  }

  /** Begins an interval after one of this length with so many databases at work. */
  turn(elapsedMs: number, workers: number): void {
    this.#workers = Math.max(1, workers);
    this.#entered = 0;
    this.#refill = this.#perSecond * Math.min(elapsedMs / 1000, this.#burstSeconds);
  }

  #lend(tokens: number): void {
    const most = this.#perSecond * this.#burstSeconds;
    if (tokens > 0) this.#lent = Math.min(most, this.#lent + tokens);
  }
}
