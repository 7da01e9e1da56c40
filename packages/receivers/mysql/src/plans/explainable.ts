import { Lexer, redactSql, type Token } from "@dbintel/sql";
import type { NoPlanReason } from "@dbintel/watching";
import type { Product } from "../connection/connection.ts";

/** A text that may be given to the server behind EXPLAIN. */
export interface ExplainableText {
  readonly sql: string;
  /** `SELECT`, `UPDATE` … */
  readonly kind: string;
  /** Whether it would change something: EXPLAIN is refused in a read-only transaction then. */
  readonly writes: boolean;
}

const reads = new Set(["SELECT", "TABLE", "VALUES"]);
const writes = new Set(["UPDATE", "DELETE", "INSERT", "REPLACE"]);
/** What stands at the end of a text that was cut off. */
const cutMark = "...";

/**
 * The text as it is given to the server, or why it is not.
 *
 * A text with a semicolon anywhere but at its end is never sent, whatever the semicolon is part of, and none with a comment
 * that the server would execute: so no reading of the text, neither ours nor the server's, can find in it anything but one
 * statement. A statement that changes something is explained only when all functions in it are known: the server may call
 * a function with constant arguments while it plans. Locks are left out, so that none is taken.
 */
export function explainableText(
  text: string,
  { product, longest }: { readonly product: Product; readonly longest: number },
): ExplainableText | NoPlanReason {
  if (text.endsWith(cutMark) || Buffer.byteLength(text) >= longest) return "cut_off";
  const semicolon = text.indexOf(";");
  if (semicolon >= 0 && text.slice(semicolon).replaceAll(";", "").trim() !== "") return "not_explainable";
  if (/\/\*M?!/.test(text)) return "not_explainable";
  const { kind, utility } = redactSql(text, product);
  if (utility || !(reads.has(kind) || writes.has(kind))) return "not_explainable";
  const tokens = tokensOf(text, product);
  if (tokens.some(({ kind: token }) => token === "parameter")) return "parameter_types";
  if (writes.has(kind) && !isSafeToPlan(tokens, kind)) return "not_explainable";
  return { sql: writtenOut(withoutLocks(tokens)), kind, writes: writes.has(kind) };
}

/** All but comments; the hints of the optimizer stay. */
function tokensOf(text: string, dialect: Product): readonly Token[] {
  const lexer = new Lexer(text, { dialect });
  const tokens: Token[] = [];
  for (let token = lexer.next(); token !== undefined; token = lexer.next()) {
    if (token.kind !== "comment" || token.text.startsWith("/*+")) tokens.push(token);
  }
  while (tokens.at(-1)?.text === ";") tokens.pop();
  return tokens;
}

function writtenOut(tokens: readonly Token[]): string {
  return tokens
    .map(({ spaced, text }) => (spaced ? ` ${text}` : text))
    .join("")
    .trim();
}

/** Without `FOR UPDATE`, `FOR SHARE` and `LOCK IN SHARE MODE` at the end of the whole statement. */
function withoutLocks(tokens: readonly Token[]): readonly Token[] {
  let depth = 0;
  for (const [at, { text, word }] of tokens.entries()) {
    if (text === "(") depth++;
    if (text === ")") depth--;
    const next = tokens[at + 1]?.word;
    const locks = (word === "FOR" && (next === "UPDATE" || next === "SHARE")) || (word === "LOCK" && next === "IN");
    if (depth === 0 && at > 0 && locks) return tokens.slice(0, at);
  }
  return tokens;
}

/** Words before a bracket that are no function's name, and functions that only compute. */
const harmless = new Set(
  (
    "ALL AND ANY AS BETWEEN BY CASE DIV ELSE EXISTS FROM HAVING IN INTERVAL INTO IS JOIN LIKE LIMIT MOD NOT ON OR OVER " +
    "SELECT SET SOME THEN UNION USING VALUES VALUE WHEN WHERE WITH XOR REGEXP RLIKE DISTINCT KEY INDEX PARTITION " +
    "ABS AVG CAST CEIL CEILING CHAR_LENGTH COALESCE CONCAT CONCAT_WS CONVERT COUNT CURDATE CURRENT_DATE CURRENT_TIMESTAMP " +
    "DATE DATEDIFF DATE_ADD DATE_FORMAT DATE_SUB DAY FLOOR FROM_UNIXTIME GREATEST GROUP_CONCAT HOUR IF IFNULL ISNULL " +
    "JSON_CONTAINS JSON_EXTRACT JSON_UNQUOTE LCASE LEAST LEFT LENGTH LOCATE LOWER LPAD LTRIM MAX MD5 MIN MINUTE MONTH NOW " +
    "NULLIF RIGHT ROUND ROW_NUMBER RPAD RTRIM SECOND SHA1 SHA2 SIGN SUBSTR SUBSTRING SUM TIMESTAMP TIMESTAMPDIFF TRIM " +
    "TRUNCATE UCASE UNIX_TIMESTAMP UPPER UTC_TIMESTAMP WEEK YEAR"
  ).split(" "),
);

function isSafeToPlan(tokens: readonly Token[], kind: string): boolean {
  // A list of rows has no plan.
  const hasQuery = tokens.some(({ word }) => word === "SELECT");
  if ((kind === "INSERT" || kind === "REPLACE") && !hasQuery) return false;
  for (const [at, { kind: token, word }] of tokens.entries()) {
    if (tokens[at + 1]?.text !== "(" || (token !== "word" && token !== "quoted")) continue;
    // The columns that are written: `INSERT INTO t (a, b)`.
    if (isTarget(tokens, at)) continue;
    if (token === "quoted" || !harmless.has(word)) return false;
  }
  return true;
}

function isTarget(tokens: readonly Token[], at: number): boolean {
  const before = tokens[at - 1];
  if (before?.word === "INTO") return true;
  return before?.text === "." && tokens[at - 3]?.word === "INTO";
}
