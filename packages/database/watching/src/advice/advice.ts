import { bounded, printable } from "../bounded-text.ts";
import { number, type Row, text } from "../row.ts";

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

/** Findings of one rule at one place at most: those that weigh most. */
export const mostFindings = 50;

const ownColumns = new Set(["object", "schema", "relation", "sql"]);
const longestText = 1000;

/** A name or a text of the server that anybody may print. */
export function clean(value: string): string {
  return printable(bounded(value, longestText));
}

/** Of a row with `object`, `schema`, `relation`, `sql` and numbers that show it. */
export function adviceOf(rule: AdviceKind, row: Row): Advice {
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
