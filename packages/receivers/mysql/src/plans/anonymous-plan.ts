import { escapedMariadbJson, planHashes, readPlan } from "@dbintel/plans";
import { redactExpression, type SqlDialect } from "@dbintel/sql";
import type { PlanOutcome } from "@dbintel/watching";

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** How a plan was asked for. */
export type PlanSource = "explain" | "procedure";

/** A plan that is longer does not leave: it would go with each event. */
const longestPlan = 131_072;

/** Members whose text is a name of the schema or a word of the server. */
const names = new Set(
  (
    "access_type alias index_name key possible_keys schema_name table_name used_columns used_key_parts key_columns ref " +
    "join_type join_algorithm index_access_type query_type using_join_buffer select_type subquery_location " +
    "filter_columns lookup_references"
  ).split(" "),
);
/** Members whose text may hold constants. */
const expressions = new Set(
  (
    "operation condition ranges lookup_condition attached_condition index_condition pushed_condition having_condition " +
    "sort_key index_condition_bka pushed_index_condition sort_fields group_items join_condition extra_condition"
  ).split(" "),
);
/** Members whose text is a number or one with a unit. */
const figures = new Set(
  (
    "filtered key_length query_cost read_cost eval_cost prefix_cost sort_cost data_read_per_join rows json_schema_version " +
    "cost"
  ).split(" "),
);
const figure = /^[\d.eE+-]{1,32}[kKMGT]?$/;
/** What the server says where it reads no table, and what it calls a subquery. */
const words = /^[A-Za-z #0-9(),;/-]{1,120}$/;

/**
 * A plan as EXPLAIN has written it without anything that could be a constant: of each text is kept what is a name, a
 * figure, or an expression without its constants; all others go. What `@dbintel/plans` reads of the result must have the
 * same hash as what it reads of the original, or there is no plan.
 */
export function anonymousPlan(
  explained: string,
  { dialect, source }: { readonly dialect: SqlDialect; readonly source: PlanSource },
): PlanOutcome<PlanSource> {
  const original = readPlan(explained, { syntax: dialect }).plan;
  const safe = original === undefined ? undefined : safeText(explained, dialect);
  if (original === undefined || safe === undefined || safe.length > longestPlan) return { reason: "unreadable" };
  const read = readPlan(safe, { syntax: dialect }).plan;
  const { full: hash } = planHashes(original);
  if (read === undefined || planHashes(read).full !== hash) return { reason: "unreadable" };
  return { plan: safe, hash, source };
}

function safeText(explained: string, dialect: SqlDialect): string | undefined {
  if (explained.trimStart().startsWith("-> ")) return safeTree(explained, dialect);
  try {
    const json = dialect === "mariadb" ? escapedMariadbJson(explained) : explained;
    return JSON.stringify(safeValue("", JSON.parse(json) as Json, dialect));
  } catch {
    return undefined;
  }
}

function safeValue(name: string, value: Json, dialect: SqlDialect): Json | undefined {
  if (typeof value === "string") return safeString(name, value, dialect);
  if (Array.isArray(value)) {
    return value.map((item: Json) => safeValue(name, item, dialect)).filter((item) => item !== undefined);
  }
  if (typeof value !== "object" || value === null) return value;
  const members: [string, Json][] = [];
  for (const [member, of] of Object.entries(value)) {
    const safe = safeValue(member, of, dialect);
    if (safe !== undefined) members.push([member, safe]);
  }
  return Object.fromEntries(members);
}

function safeString(name: string, text: string, dialect: SqlDialect): string | undefined {
  if (names.has(name)) return text;
  // A quote within a constant is written with a backslash, whatever `sql_mode` says of reading one.
  if (expressions.has(name)) return redactExpression(text, dialect);
  if (figures.has(name)) return figure.test(text) ? text : undefined;
  return (name === "message" || name === "heading") && words.test(text) ? text : undefined;
}

/** `-> description  (cost=1.2 rows=3)` on each line: of the brackets at its end only figures are kept. */
function safeTree(tree: string, dialect: SqlDialect): string | undefined {
  const lines: string[] = [];
  for (const line of tree.split("\n")) {
    if (line.trim() === "") continue;
    const [, indent, description = "", statistics = ""] =
      /^( *)-> (.*?)((?: {2}\(cost=[\d.e+]+(?:\.\.[\d.e+]+)?(?: rows=[\d.e+]+)?\))?)$/.exec(line) ?? [];
    if (indent === undefined) return undefined;
    const safe = /^Select #\d/.test(description)
      ? words.test(description)
        ? description
        : undefined
      : redactExpression(description, dialect);
    if (safe === undefined) return undefined;
    lines.push(`${indent}-> ${safe}${statistics}`);
  }
  return lines.join("\n");
}
