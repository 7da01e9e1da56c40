export type { PlanLimits } from "./limits.ts";
export { defaultPlanLimits } from "./limits.ts";
export type * from "./plan.ts";
export { nodesOf } from "./plan.ts";
export type { PlanHashes } from "./plan-hash.ts";
export { planHashes } from "./plan-hash.ts";
export type { ReadFailureReason } from "./read-failure.ts";
export type { PlanReading, ReadPlanOptions } from "./reading.ts";
export { readPlan } from "./reading.ts";
