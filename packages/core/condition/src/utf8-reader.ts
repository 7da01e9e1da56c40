import type { Utf8Reader } from "./closure.ts";
import type { Expression } from "./expression.ts";

/** How to read an expression's text without decoding it; `undefined` for expressions that have no bytes to show. */
export function utf8Reader<T>(expression: Expression<T>): Utf8Reader<T> | undefined {
  if (expression.kind === "attribute") {
    const { owner, key } = expression;
    return (item) => owner(item).getUtf8(key);
  }
  if (expression.kind === "variable" && expression.variable.type === "dyn") return expression.variable.utf8;
  return undefined;
}
