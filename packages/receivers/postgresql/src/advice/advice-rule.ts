import { bounded, number, printable, type Row, text } from "@dbintel/watching";
import type { Capabilities } from "../connection/capabilities.ts";

/** What follows when nothing is done. */
export type AdviceSeverity = "info" | "warning" | "critical";

/** Something that could be better. */
export interface AdviceKind {
  /** Lower_snake_case; never changes. */
  readonly id: string;
  readonly severity: AdviceSeverity;
  /** What is wrong and what it costs; one sentence. */
  readonly message: string;
}

/** The same with how one sees it in the server's catalogue. */
export interface AdviceRule extends AdviceKind {
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
  /** How often a table must have been read from end to end before that is often. */
  readonly frequentScans: number;
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
  /** What it names of the relation, with commas between; absent where it is about no columns. */
  readonly columns?: string | undefined;
  /** The statement that shows it, as pg_stat_statements calls it; absent where none does. */
  readonly queryId?: string | undefined;
}

/** Findings of one rule in one database at most: those that weigh most. */
export const mostFindings = 50;

const ownColumns = new Set(["object", "schema", "relation", "sql"]);
const longestText = 1000;

/** A name or a text of the server that anybody may print. */
export function clean(value: string): string {
  return printable(bounded(value, longestText));
}

export function adviceOf(rule: AdviceRule, row: Row): Advice {
  const cleaned = (column: string) => {
    const value = text(row, column);
    return value === undefined ? undefined : clean(value);
  };
  const evidence = Object.keys(row).flatMap((column) => {
    const value = ownColumns.has(column) ? undefined : number(row, column);
    return value === undefined ? [] : [[column, value] as const];
  });
  return {
    rule: rule.id,
    object: cleaned("object") ?? "",
    schema: cleaned("schema"),
    relation: cleaned("relation"),
    sql: cleaned("sql"),
    evidence: Object.fromEntries(evidence),
  };
}
