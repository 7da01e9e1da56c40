export type { Condition } from "./condition.ts";
export { compileCondition } from "./condition.ts";
export type { ConditionContext, ItemOf } from "./context.ts";
export { contextOf } from "./context.ts";
export { conditionProblem } from "./problem.ts";
export { conditionText } from "./setting.ts";
