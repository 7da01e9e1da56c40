import type { BatchOf, Signal } from "@dbintel/pdata";
import type { ConsumeContext, Consumer } from "../consumer.ts";

/** A consumer that keeps what it takes. */
export class Sink<S extends Signal> implements Consumer<S> {
  readonly batches: BatchOf[S][] = [];
  #failures: unknown[] = [];
  #gate: Promise<void> = Promise.resolve();

  /** Items over all batches taken. */
  get items(): number {
    return this.batches.reduce((sum, batch) => sum + batch.count, 0);
  }

  /** The next calls reject with these, one each, and take nothing. */
  failNext(...errors: unknown[]): void {
    this.#failures.push(...errors);
  }

  /** Calls wait until the returned function is called. */
  block(): () => void {
    let open = () => {};
    this.#gate = new Promise((resolve) => {
      open = resolve;
    });
    return open;
  }

  async consume(batch: BatchOf[S], _context: ConsumeContext): Promise<void> {
    await this.#gate;
    if (this.#failures.length > 0) throw this.#failures.shift();
    this.batches.push(batch);
  }
}
