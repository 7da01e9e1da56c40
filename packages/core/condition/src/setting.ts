import { z } from "zod";
import type { ConditionContext } from "./context.ts";
import { conditionProblem } from "./problem.ts";

/**
 * A setting that is a condition: right when it compiles for one of the contexts, for settings may not say which of them
 * they will serve. It is checked here already, so that `dbintel validate` reports it together with everything else.
 */
export function conditionText(...contexts: readonly ConditionContext[]) {
  return z.string().superRefine((expression, refinement) => {
    const problems = contexts.map((context) => conditionProblem(expression, context));
    const [message] = problems;
    if (message === undefined || problems.includes(undefined)) return;
    refinement.addIssue({ code: "custom", message });
  });
}
