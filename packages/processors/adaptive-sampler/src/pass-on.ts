import type { Batch } from "@dbintel/pdata";
import type { Component, ConsumeContext, Consumer } from "@dbintel/pipeline";

/** Passes on everything untouched: counters are exact already, and a sample of them would be less. */
export class PassOn implements Component, Consumer {
  readonly #next: Consumer;

  constructor(next: Consumer) {
    this.#next = next;
  }

  async start(_options: { readonly signal: AbortSignal }): Promise<void> {}

  async stop(_options: { readonly signal: AbortSignal }): Promise<void> {}

  async consume(batch: Batch, context: ConsumeContext): Promise<void> {
    await this.#next.consume(batch, context);
  }
}
