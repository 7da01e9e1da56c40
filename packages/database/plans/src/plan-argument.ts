import { argumentError } from "@dbintel/errors";
import type { Plan, PlanNode } from "./plan.ts";

/** Throws DBI_ARGUMENT for what is no plan, such as a reading that holds one or a reason instead. */
export function checkPlan(given: Partial<Plan> | null | undefined): void {
  if (Array.isArray(given?.root?.children)) return;
  const hint = "give the `plan` of what readPlan returns; where it has none, its `reason` says why";
  throw argumentError({ expected: "a plan", given, hint });
}

/** Throws DBI_ARGUMENT for what is no operation, such as the plan that holds one. */
export function checkNode(given: Partial<PlanNode> | null | undefined): void {
  if (Array.isArray(given?.children)) return;
  throw argumentError({ expected: "an operation of a plan", given, hint: "give the `root` of a plan" });
}
