import { readPlan } from "@dbintel/plans";
import { redactExpression, redactSql, type SqlSyntax } from "@dbintel/sql";

/** Longer plans are not read: reading one holds up everything else. */
const longestPlan = 256 * 1024;

/** Operations, each with members of its own, that a plan may be deep. */
const mostLevels = 500;

/** What stands for a text of which nothing may stay. */
const nothing = "?";

/** A text that may leave. */
export interface SafeText {
  readonly text: string;
}

/**
 * A plan without the constants of its statement. One that has none stays as it is; of any other the tree stays that
 * `@dbintel/plans` reads, as JSON, as `plan_attribute_extractor` writes it. Of what cannot be read, such as JSON that was
 * cut off, nothing stays; of other text what is no constant in any dialect.
 */
export function safePlan(text: string, syntax?: SqlSyntax): SafeText {
  if (text.length > longestPlan) return { text: nothing };
  const json = parsed(text);
  if (json !== undefined && isSafe(json)) return { text };
  const isTree = json !== undefined && "operation" in json && "children" in json;
  const { plan } = isTree ? {} : readPlan(text, syntax === undefined ? {} : { syntax });
  if (plan !== undefined) return { text: JSON.stringify(plan.root) };
  if (json !== undefined) return { text: JSON.stringify(withoutConstants(json)) };
  return { text: /^\s*[{[]/.test(text) ? nothing : safeExpression(text) };
}

/** A statement that does not say which system it is for; where dialects disagree on what is a constant, nothing stays. */
export function safeStatement(text: string): SafeText {
  return { text: inAnyDialect(text, (part, dialect) => redactSql(part, dialect).text) };
}

function safeExpression(text: string): string {
  return inAnyDialect(text, redactExpression);
}

/** Read as PostgreSQL and then as MySQL writes it. A backslash lets both disagree on where a constant ends. */
function inAnyDialect(text: string, redact: (text: string, dialect: "postgresql" | "mysql") => string): string {
  if (text.includes("\\")) return nothing;
  const once = redact(text, "postgresql");
  return /["'`#]/.test(once) ? redact(once, "mysql") : once;
}

type Json = null | boolean | number | string | JsonList | JsonObject;
type JsonList = readonly Json[];
type JsonObject = { readonly [name: string]: Json };

/** A list or an object; nothing else is a plan. */
function parsed(text: string): JsonList | JsonObject | undefined {
  try {
    const json = JSON.parse(text) as Json;
    return typeof json === "object" && json !== null ? json : undefined;
  } catch {
    return undefined;
  }
}

/** Whether no text in it has a constant. Numbers of a plan are costs, rows and times. */
function isSafe(json: Json, depth = 0): boolean {
  if (typeof json === "string") return safeExpression(json) === json;
  if (typeof json !== "object" || json === null) return true;
  return depth < mostLevels && Object.values(json).every((member) => isSafe(member, depth + 1));
}

function withoutConstants(json: Json, depth = 0): Json {
  if (typeof json === "string") return safeExpression(json);
  if (typeof json !== "object" || json === null) return json;
  if (depth === mostLevels) return nothing;
  const inner = (member: Json) => withoutConstants(member, depth + 1);
  if (isList(json)) return json.map(inner);
  return Object.fromEntries(Object.entries(json).map(([name, member]) => [name, inner(member)]));
}

function isList(json: JsonList | JsonObject): json is JsonList {
  return Array.isArray(json);
}
