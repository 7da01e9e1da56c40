import { hash } from "node:crypto";
import { canonicalPlan } from "./canonical-plan.ts";
import type { Plan } from "./plan.ts";
import { checkPlan } from "./plan-argument.ts";

/** Goes before every hash; changes whenever the canonical text of plans does. */
const version = "v1";

/** Two identities of a plan, each `v1:` and a SHA-256 in hex. */
export interface PlanHashes {
  /**
   * Operations, join order and types, tables, indexes, sort and group keys. Changes when the optimizer chose another
   * way to the rows.
   */
  readonly shape: string;
  /**
   * Also the conditions and where each is checked. Changes too when a condition that an index answered has become a
   * filter.
   */
  readonly full: string;
}

/** Both hashes of a plan. Constants, statistics and actual figures make no difference to them. */
export function planHashes(plan: Plan): PlanHashes {
  checkPlan(plan);
  const { shape, full } = canonicalPlan(plan);
  return { shape: hashOf(shape), full: hashOf(full) };
}

function hashOf(text: string): string {
  return `${version}:${hash("sha256", text)}`;
}
