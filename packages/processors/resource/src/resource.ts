import { type AttributeEdit, compileActions } from "@dbintel/attribute-actions";
import type { BatchOf, Signal } from "@dbintel/pdata";
import type { Component, ConsumeContext, Consumer } from "@dbintel/pipeline";
import type { ResourceConfig } from "./config.ts";

/** Edits the attributes of each resource once, however many items it has. Drops and holds nothing. */
export class ResourceProcessor<S extends Signal> implements Component, Consumer<S> {
  readonly #edit: AttributeEdit;
  readonly #next: Consumer<S>;

  constructor(args: { readonly config: ResourceConfig; readonly next: Consumer<S> }) {
    this.#edit = compileActions(args.config.attributes);
    this.#next = args.next;
  }

  async start(_options: { readonly signal: AbortSignal }): Promise<void> {}

  async stop(_options: { readonly signal: AbortSignal }): Promise<void> {}

  consume(batch: BatchOf[S], context: ConsumeContext): Promise<void> {
    const resource = batch.resources();
    while (resource.advance()) this.#edit(resource.attributes);
    return this.#next.consume(batch, context);
  }
}
