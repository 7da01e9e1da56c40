import { type AttributeEdit, compileActions } from "@dbintel/attribute-actions";
import { type ConditionContext, compileCondition, conditionProblem, contextOf, type ItemOf } from "@dbintel/condition";
import type { BatchOf, Cursor, Item, Signal } from "@dbintel/pdata";
import type { Component, ConsumeContext, Consumer, Logger } from "@dbintel/pipeline";
import type { AttributesConfig } from "./config.ts";

/** Edits the items of a batch. */
type BatchEdit<S extends Signal> = (batch: BatchOf[S]) => void;

/** Edits the attributes of log records, spans and data points. Drops and holds nothing. */
export class AttributesProcessor<S extends Signal> implements Component, Consumer<S> {
  readonly #next: Consumer<S>;
  readonly #logger: Logger;
  readonly #signal: S;
  /** Why the condition can be true for no item of this signal. */
  readonly #obstacle: string | undefined;
  readonly #edit: BatchEdit<S>;
  #warned = false;

  constructor(args: {
    readonly config: AttributesConfig;
    readonly logger: Logger;
    readonly signal: S;
    readonly next: Consumer<S>;
  }) {
    const { condition, actions } = args.config;
    this.#next = args.next;
    this.#logger = args.logger;
    this.#signal = args.signal;
    this.#obstacle = condition === undefined ? undefined : conditionProblem(condition, contextOf[args.signal]);
    this.#edit =
      this.#obstacle === undefined
        ? batchEdits(compileActions(actions), condition)[args.signal]()
        : () => this.#warnOnce();
  }

  async start(_options: { readonly signal: AbortSignal }): Promise<void> {}

  async stop(_options: { readonly signal: AbortSignal }): Promise<void> {}

  consume(batch: BatchOf[S], context: ConsumeContext): Promise<void> {
    this.#edit(batch);
    return this.#next.consume(batch, context);
  }

  /** Not before data comes: an embedded pipeline has all signals, though the application may use only one. */
  #warnOnce(): void {
    if (this.#warned) return;
    this.#warned = true;
    this.#logger.warn(
      { signal: this.#signal, problem: this.#obstacle },
      "the condition is not for this signal: its items pass unchanged",
    );
  }
}

function batchEdits(
  edit: AttributeEdit,
  condition: string | undefined,
): { readonly [S in Signal]: () => BatchEdit<S> } {
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
  const { matches } = compileCondition(expression, context);
  return (cursor) => {
    while (cursor.advance()) if (matches(cursor)) edit(cursor.attributes);
  };
}
