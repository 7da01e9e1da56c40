import { isDbintelError } from "@dbintel/errors";
import { compileCondition } from "./condition.ts";
import type { ConditionContext } from "./context.ts";

/** What is wrong with an expression, position and hint included; `undefined` when it compiles. */
export function conditionProblem(expression: string, context: ConditionContext): string | undefined {
  try {
    compileCondition(expression, context);
    return undefined;
  } catch (error) {
    if (!isDbintelError(error)) throw error;
    return error.hint === undefined ? error.message : `${error.message}\n${error.hint}`;
  }
}
