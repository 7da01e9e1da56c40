import { bounded, number, printable, type Row, text } from "@dbintel/watching";
import type { Capabilities } from "../connection/capabilities.ts";

/** What follows when nothing is done. */
export type AdviceSeverity = "info" | "warning" | "critical";

/** Something that could be better, and how one sees it. */
export interface AdviceRule {
  /** Lower_snake_case; never changes. */
  readonly id: string;
  readonly severity: AdviceSeverity;
  /** What is wrong and what it costs; one sentence. */
  readonly message: string;
  /**
   * A row for each finding: `object`, what it is about; `schema` and `relation` where it is a table's; `sql` that would
   * repair it; and numbers that show it. `undefined` when this server has nothing to ask.
   */
  sql(args: AdviceArgs): string | undefined;
}

export interface AdviceArgs {
  readonly capabilities: Capabilities;
  /** How long the server must have counted before "never" means something. */
  readonly unusedAfterDays: number;
}

/** Something that was found, in one database or of the whole server. */
export interface Advice {
  readonly rule: string;
  readonly object: string;
  readonly schema: string | undefined;
  readonly relation: string | undefined;
  /** Never run by the collector; `undefined` where it takes a person to know what to do. */
  readonly sql: string | undefined;
  readonly evidence: Readonly<Record<string, number>>;
}

/** Findings of one rule in one database at most: those that weigh most. */
export const mostFindings = 50;

const ownColumns = new Set(["object", "schema", "relation", "sql"]);
const longestText = 1000;

export function adviceOf(rule: AdviceRule, row: Row): Advice {
  const clean = (column: string) => {
    const value = text(row, column);
    return value === undefined ? undefined : printable(bounded(value, longestText));
  };
  const evidence = Object.keys(row).flatMap((column) => {
    const value = ownColumns.has(column) ? undefined : number(row, column);
    return value === undefined ? [] : [[column, value] as const];
  });
  return {
    rule: rule.id,
    object: clean("object") ?? "",
    schema: clean("schema"),
    relation: clean("relation"),
    sql: clean("sql"),
    evidence: Object.fromEntries(evidence),
  };
}
