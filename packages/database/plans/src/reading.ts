import { argumentError } from "@dbintel/errors";
import { type SqlDialect, type SqlSyntax, syntaxOf } from "@dbintel/sql";
import { limitsOf, type PlanLimits } from "./limits.ts";
import { escapedMariadbJson } from "./mariadb-json.ts";
import { isList, type Json, Members } from "./members.ts";
import { readIteratorPlan } from "./mysql-iterators.ts";
import { isTree, readTreePlan } from "./mysql-tree.ts";
import type { Plan } from "./plan.ts";
import { readPostgresqlPlan } from "./postgresql.ts";
import { isBarePostgresqlText, isPostgresqlText, postgresqlDocument } from "./postgresql-text.ts";
import { readQueryBlockPlan } from "./query-block.ts";
import { ReadContext } from "./read-context.ts";
import { ReadFailure, type ReadFailureReason } from "./read-failure.ts";

export interface ReadPlanOptions {
  /** How the server writes constants. Default: what the plan itself shows, with the default `sql_mode`. */
  readonly syntax?: SqlDialect | SqlSyntax;
  /** Default {@link defaultPlanLimits}. */
  readonly limits?: Partial<PlanLimits>;
}

/** What became of a text: a plan, or the reason why there is none. */
export type PlanReading =
  | { readonly plan: Plan; readonly reason?: never; readonly message?: never }
  | {
      readonly plan?: never;
      readonly reason: ReadFailureReason;
      /** Says more than the reason, without anything of the text. */
      readonly message: string;
    };

/**
 * Reads a plan from what EXPLAIN, auto_explain (also its whole log message), pg_store_plans or ANALYZE gave. The
 * result holds no constant of the statement. Never throws on a text.
 *
 * @throws {DbintelError} DBI_ARGUMENT for what is no text, for a dialect that is not known, for limits that are none.
 */
export function readPlan(text: string, options: ReadPlanOptions = {}): PlanReading {
  if (typeof text !== "string") {
    throw argumentError({ expected: "the text of a plan", given: text, hint: "JSON.stringify makes one of an object" });
  }
  if (typeof options !== "object" || options === null) {
    throw argumentError({ expected: "options", given: options, hint: 'write { syntax: "postgresql" }, or none' });
  }
  const limits = limitsOf(options.limits);
  const syntax = options.syntax === undefined ? undefined : syntaxOf(options.syntax);
  try {
    if (text.length > limits.maxLength) {
      throw new ReadFailure("too_large", `the text has more than ${limits.maxLength} characters`);
    }
    return { plan: readText(text, { syntax, limits }) };
  } catch (error) {
    if (error instanceof ReadFailure) return { reason: error.reason, message: error.message };
    throw error;
  }
}

interface Reading {
  readonly syntax: SqlSyntax | undefined;
  readonly limits: PlanLimits;
}

function readText(text: string, reading: Reading): Plan {
  if (isTree(text)) return readTreePlan(text, contextOf("mysql", reading));
  const fromMariadb = mariadbPlan(text, reading);
  if (fromMariadb !== undefined) return fromMariadb;
  const { json, durationMs } = withoutLogPrefix(text);
  const isText = isPostgresqlText(json) || (isGiven("postgresql", reading) && isBarePostgresqlText(json));
  if (!/^[[{]/.test(json) && isText) return { executionMs: durationMs, ...postgresqlTextPlan(json, reading) };
  const document = documentOf(parsed(json));
  const plan = document.object("Plan");
  if (plan?.has("Node Type") === true) {
    const read = readPostgresqlPlan(document, plan, contextOf("postgresql", reading));
    return { ...read, queryId: queryIdOf(json), executionMs: read.executionMs ?? durationMs };
  }
  if (document.has("query_block")) {
    const dialect = queryBlockDialect(document, { json, syntax: reading.syntax });
    return readQueryBlockPlan(document, dialect, contextOf(dialect, reading));
  }
  if (document.object("query_plan") !== undefined || document.text("operation") !== undefined) {
    return readIteratorPlan(document, contextOf("mysql", reading));
  }
  throw new ReadFailure("no_plan", "the JSON has none of the members Plan, query_block, query_plan");
}

/**
 * MariaDB writes the constants of a condition into its JSON as they are. Where that is no JSON, or a backslash makes one
 * reading differ from the other, it is read as it is written; a constant that could end elsewhere in the other reading
 * leaves no plan. `undefined` where there is nothing to choose.
 */
function mariadbPlan(text: string, reading: Reading): Plan | undefined {
  const given = reading.syntax?.dialect;
  const isOther = given !== undefined && given !== "mariadb";
  if (isOther || !text.includes('"query_block"') || text.includes('"cost_info"')) return undefined;
  const written = escapedMariadbJson(text);
  if (written === text) return undefined;
  const [asJson, asWritten] = [parsedIfJson(text), parsedIfJson(written)];
  if (asWritten === undefined) return undefined;
  const plan = readQueryBlockPlan(documentOf(asWritten), "mariadb", contextOf("mariadb", reading));
  if (asJson === undefined) return plan;
  const other = readQueryBlockPlan(documentOf(asJson), "mariadb", contextOf("mariadb", reading));
  if (JSON.stringify(other.root) === JSON.stringify(plan.root)) return plan;
  throw new ReadFailure("malformed", "a backslash leaves open where a constant ends");
}

function parsedIfJson(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

/** Read as the JSON that the server would have written. */
function postgresqlTextPlan(text: string, reading: Reading): Plan {
  const document = documentOf(postgresqlDocument(text));
  const plan = document.object("Plan");
  if (plan === undefined) throw new ReadFailure("no_plan", "the text has no operation that could be the first");
  const { executionMs, ...read } = readPostgresqlPlan(document, plan, contextOf("postgresql", reading));
  const queryId = document.text("Query Identifier");
  return { ...read, format: "postgresql_text", queryId, ...(executionMs === undefined ? {} : { executionMs }) };
}

function isGiven(dialect: SqlDialect, { syntax }: Reading): boolean {
  return syntax?.dialect === dialect;
}

/** What the caller knows wins where it fits the format; PostgreSQL's and MySQL's rules cannot be mistaken. */
function contextOf(dialect: SqlDialect, { syntax, limits }: Reading): ReadContext {
  const fits = syntax !== undefined && (syntax.dialect === "postgresql") === (dialect === "postgresql");
  return new ReadContext(fits ? syntax : { dialect }, limits);
}

/**
 * MySQL alone has `cost_info` and `rows_examined_per_scan`, and a message about the whole block where there is no table
 * to read. A quote within a constant is escaped in JSON.
 */
function queryBlockDialect(
  document: Members,
  { json, syntax }: { readonly json: string; readonly syntax: SqlSyntax | undefined },
): SqlDialect {
  const given = syntax?.dialect;
  if (given === "mysql" || given === "mariadb") return given;
  if (document.object("query_block")?.has("message") === true) return "mysql";
  return json.includes('"cost_info"') || json.includes('"rows_examined_per_scan"') ? "mysql" : "mariadb";
}

/** auto_explain logs `duration: 12.3 ms  plan:` before the JSON. */
function withoutLogPrefix(text: string): { readonly json: string; readonly durationMs?: number } {
  const trimmed = text.trim();
  const at = trimmed.startsWith("duration: ") ? trimmed.indexOf("plan:") : -1;
  if (at < 0) return { json: trimmed };
  const durationMs = Number.parseFloat(trimmed.slice("duration: ".length));
  const json = trimmed.slice(at + "plan:".length).trimStart();
  return Number.isFinite(durationMs) ? { json, durationMs } : { json };
}

function parsed(json: string): Json {
  if (!json.startsWith("{") && !json.startsWith("[")) {
    throw new ReadFailure("unknown_format", "the text is neither JSON nor a tree of operations");
  }
  try {
    return JSON.parse(json) as Json;
  } catch {
    throw new ReadFailure("malformed", "the text begins like JSON but does not parse; it may have been cut off");
  }
}

/** EXPLAIN's list of one, or the object of auto_explain, pg_store_plans, MySQL and MariaDB. */
function documentOf(json: Json): Members {
  const document = Members.of(isList(json) ? json[0] : json);
  if (document === undefined) throw new ReadFailure("no_plan", "the JSON is no object");
  return document;
}

const queryIdLabel = '"Query Identifier":';

/** From the text, because `JSON.parse` rounds 64-bit numbers. Within a string the quotes would be escaped. */
function queryIdOf(json: string): string | undefined {
  const at = json.indexOf(queryIdLabel);
  if (at < 0) return undefined;
  let start = at + queryIdLabel.length;
  while (json.charAt(start) === " ") start++;
  let end = json.charAt(start) === "-" ? start + 1 : start;
  while (json.charCodeAt(end) >= 48 && json.charCodeAt(end) <= 57) end++;
  const digits = json.slice(start, end);
  return digits === "" || digits === "-" ? undefined : digits;
}
