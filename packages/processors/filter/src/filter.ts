import type { BatchOf, Signal } from "@dbintel/pdata";
import type { Component, ConsumeContext, Consumer } from "@dbintel/pipeline";
import type { FilterConfig } from "./config.ts";
import { type Rule, rules } from "./rule.ts";

/** Drops items from the batch that it was handed and passes on the rest. Holds nothing. */
export class Filter<S extends Signal> implements Component, Consumer<S> {
  readonly #rule: Rule<S> | undefined;
  readonly #next: Consumer<S>;

  constructor(args: { readonly config: FilterConfig; readonly signal: S; readonly next: Consumer<S> }) {
    this.#rule = rules(args.config)[args.signal]();
    this.#next = args.next;
  }

  async start(_options: { readonly signal: AbortSignal }): Promise<void> {}

  async stop(_options: { readonly signal: AbortSignal }): Promise<void> {}

  async consume(batch: BatchOf[S], context: ConsumeContext): Promise<void> {
    this.#rule?.(batch);
    if (batch.count > 0) await this.#next.consume(batch, context);
  }
}
