import { check } from "./check.ts";
import { compileTruth } from "./compile.ts";
import type { ConditionContext, ItemOf } from "./context.ts";
import { lower } from "./lower.ts";
import { variables } from "./variable.ts";

/** A compiled condition. Stateless: one serves any number of walks. */
export interface Condition<C extends ConditionContext = ConditionContext> {
  /** The text that it was compiled from. */
  readonly expression: string;
  readonly context: C;
  /**
   * Whether the condition is true for the item that the cursor stands on. False when it is false and also when it
   * has no answer, because an attribute is absent or a type does not fit. Never throws for the item's sake.
   * May be called without the object that it belongs to.
   */
  readonly matches: (item: ItemOf[C]) => boolean;
}

/**
 * Compiles a CEL expression to a function over the lens; nothing of the item is decoded but what the expression
 * reads. Throws a `DbintelError` with code `DBI_CONDITION_SYNTAX` when the expression does not parse, does not
 * type-check, or uses a part of CEL that conditions do not have. Equivalent of an OTTL condition in the
 * OpenTelemetry Collector.
 */
export function compileCondition<C extends ConditionContext>(expression: string, context: C): Condition<C> {
  const table = variables[context];
  const matches = compileTruth<ItemOf[C]>(lower<ItemOf[C]>(check<ItemOf[C]>(expression, table), table), true);
  return { expression, context, matches };
}
