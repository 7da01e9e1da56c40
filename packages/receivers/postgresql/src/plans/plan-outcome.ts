/** Why an event tells no plan. */
export const noPlanReasons = [
  /** The server hides the statement's text or has lost it. */
  "text_unknown",
  /** The text is longer than what is read of it. */
  "cut_off",
  /** A statement that has no plan, or that is more than one. */
  "not_explainable",
  /** The user may not plan it, or not connect to its database. */
  "no_permission",
  /** A table, column or function is not there, or not where it is looked for. */
  "missing_object",
  /** Constants were taken out of the text in a way that leaves their types open, and no repair helped. */
  "parameter_types",
  /** Planning took too long, or somebody holds a lock. */
  "timeout",
  /** The explanations of this interval are spent. */
  "budget",
  /** Plans are left out while the server is overloaded. */
  "held_back",
  /** The server made a plan for given values where one for any value was asked for. */
  "not_generic",
  /** What the server answered is too large, too deep or no plan. */
  "unreadable",
  /** Anything else that the server refused. */
  "refused",
] as const;
export type NoPlanReason = (typeof noPlanReasons)[number];

/**
 * Where a plan is from.
 * - `auto_explain`: an execution had it, as the server's log tells.
 * - `generic`: `EXPLAIN (GENERIC_PLAN)`, PostgreSQL 16 and later.
 * - `prepared`: `PREPARE` and `EXPLAIN EXECUTE` under `force_generic_plan`.
 * - `definer`: a function of the DBA that explains with the rights of its owner.
 */
export type PlanSource = "auto_explain" | "generic" | "prepared" | "definer";

/** What is known of a statement's plan, or why there is none. */
export type PlanOutcome =
  | {
      /** EXPLAIN's JSON without any constant. */
      readonly plan: string;
      /** The full hash of `@dbintel/plans`. */
      readonly hash: string;
      readonly source: PlanSource;
      readonly reason?: never;
    }
  | { readonly plan?: never; readonly hash?: never; readonly source?: never; readonly reason: NoPlanReason };

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
