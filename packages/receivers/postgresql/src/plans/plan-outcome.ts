import { planHashes, readPlan } from "@dbintel/plans";
import type { NoPlanReason, PlanOutcome as Outcome } from "@dbintel/watching";
import { explainJson } from "./explain-json.ts";

/**
 * Where a plan is from.
 * - `auto_explain`: an execution had it, as the server's log tells.
 * - `pg_store_plans`, `pg_stat_plans`, `pg_querylens`: an execution had it, as the extension of this name keeps it.
 * - `generic`: `EXPLAIN (GENERIC_PLAN)`, PostgreSQL 16 and later.
 * - `prepared`: `PREPARE` and `EXPLAIN EXECUTE` under `force_generic_plan`.
 * - `definer`: a function of the DBA that explains with the rights of its owner.
 */
export type PlanSource = "auto_explain" | StoredPlanSource | AskedPlanSource;
export type StoredPlanSource = "pg_store_plans" | "pg_stat_plans" | "pg_querylens";
export type AskedPlanSource = "generic" | "prepared" | "definer";

/** What is known of a statement's plan: EXPLAIN's JSON, or why there is none. */
export type PlanOutcome = Outcome<PlanSource>;
export type KnownPlan = PlanOutcome & { readonly plan: string };

/** A plan that is longer does not leave: it would go with each event. */
export const longestPlan = 131_072;

/** What is told of a plan as the server writes it: without any constant, as EXPLAIN's JSON. */
export function planOutcomeOf(text: string, source: PlanSource): PlanOutcome {
  const { plan } = readPlan(text, { syntax: "postgresql" });
  const anonymous = plan === undefined ? "" : explainJson(plan);
  if (plan === undefined || anonymous.length > longestPlan) return { reason: "unreadable" };
  return { plan: anonymous, hash: planHashes(plan).full, source };
}

/** By SQLSTATE, appendix A of PostgreSQL's manual. */
const reasons: Readonly<Record<string, NoPlanReason>> = {
  "28000": "no_permission",
  "42501": "no_permission",
  "3D000": "missing_object",
  "3F000": "missing_object",
  "42P01": "missing_object",
  "42703": "missing_object",
  "42704": "missing_object",
  "42883": "missing_object",
  "22007": "parameter_types",
  "22P02": "parameter_types",
  "42601": "parameter_types",
  "42725": "parameter_types",
  "42803": "parameter_types",
  "42804": "parameter_types",
  "42846": "parameter_types",
  "42P08": "parameter_types",
  "42P18": "parameter_types",
  "55P03": "timeout",
  "57014": "timeout",
};

export function reasonOf(sqlState: string | undefined): NoPlanReason {
  return reasons[sqlState ?? ""] ?? "refused";
}
