import { type AttributeEdit, compileActions } from "@dbintel/attribute-actions";
import { type ConditionContext, compileCondition, contextOf, type ItemOf } from "@dbintel/condition";
import type { BatchOf, Cursor, Item, Signal } from "@dbintel/pdata";
import type { Component, ConsumeContext, Consumer } from "@dbintel/pipeline";
import type { AttributesConfig } from "./config.ts";

/** Edits the items of a batch. */
type BatchEdit<S extends Signal> = (batch: BatchOf[S]) => void;

/** Edits the attributes of log records, spans and data points. Drops and holds nothing. */
export class AttributesProcessor<S extends Signal> implements Component, Consumer<S> {
  readonly #edit: BatchEdit<S>;
  readonly #next: Consumer<S>;

  constructor(args: { readonly config: AttributesConfig; readonly signal: S; readonly next: Consumer<S> }) {
    this.#edit = batchEdits(args.config)[args.signal]();
    this.#next = args.next;
  }

  async start(_options: { readonly signal: AbortSignal }): Promise<void> {}

  async stop(_options: { readonly signal: AbortSignal }): Promise<void> {}

  consume(batch: BatchOf[S], context: ConsumeContext): Promise<void> {
    this.#edit(batch);
    return this.#next.consume(batch, context);
  }
}

function batchEdits({ actions, condition }: AttributesConfig): { readonly [S in Signal]: () => BatchEdit<S> } {
  const edit = compileActions(actions);
  return {
    logs: () => {
      const walk = walking(edit, condition, contextOf.logs);
      return (batch) => walk(batch.records());
    },
    traces: () => {
      const walk = walking(edit, condition, contextOf.traces);
      return (batch) => walk(batch.spans());
    },
    metrics: () => {
      const walk = walking(edit, condition, contextOf.metrics);
      return (batch) => walk(batch.points());
    },
  };
}

/** Edits every item of a walk, or those for which the condition is true. */
function walking<C extends Exclude<ConditionContext, "metric">>(
  edit: AttributeEdit,
  expression: string | undefined,
  context: C,
): (cursor: Cursor & ItemOf[C] & Item) => void {
  if (expression === undefined) {
    return (cursor) => {
      while (cursor.advance()) edit(cursor.attributes);
    };
  }
  const condition = compileCondition(expression, context);
  return (cursor) => {
    while (cursor.advance()) if (condition.matches(cursor)) edit(cursor.attributes);
  };
}
