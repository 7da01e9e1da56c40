/** Why an event tells no plan. */
export const noPlanReasons = [
  /** The server hides the statement's text, has lost it, or keeps none. */
  "text_unknown",
  /** The text is longer than what the server keeps or what is read of it. */
  "cut_off",
  /** A statement that has no plan, that is more than one, or that is not safe to be planned. */
  "not_explainable",
  /** The user may not plan it, or not enter its database. */
  "no_permission",
  /** A table, column or function is not there, or not where it is looked for. */
  "missing_object",
  /** Constants were taken out of the text in a way that leaves their types open. */
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

/** What is known of a statement's plan, or why there is none. */
export type PlanOutcome<Source extends string = string> =
  | {
      /** EXPLAIN's text without any constant. */
      readonly plan: string;
      /** The full hash of `@dbintel/plans`. */
      readonly hash: string;
      /** How it was asked for. */
      readonly source: Source;
      readonly reason?: never;
    }
  | { readonly plan?: never; readonly hash?: never; readonly source?: never; readonly reason: NoPlanReason };
