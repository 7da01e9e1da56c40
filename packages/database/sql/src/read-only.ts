import { Lexer } from "./lexer.ts";
import type { SqlDialect, SqlSyntax } from "./syntax.ts";
import type { Token } from "./token.ts";

/** The statements that may only read. */
const readingVerbs = new Set(["SELECT", "WITH", "SHOW"]);

/** Words that make a reading statement write, or lock rows: `WITH x AS (DELETE …)`, `SELECT … INTO`. */
const writingWords = new Set(["INSERT", "UPDATE", "DELETE", "MERGE", "INTO"]);

/** Functions that change something although a SELECT may call them, or that only wait. */
const writingFunctions = new Set(
  (
    "SET_CONFIG PG_TERMINATE_BACKEND PG_CANCEL_BACKEND PG_RELOAD_CONF PG_ROTATE_LOGFILE PG_SLEEP PG_SLEEP_FOR " +
    "PG_SLEEP_UNTIL NEXTVAL SETVAL DBLINK DBLINK_EXEC LO_IMPORT LO_EXPORT PG_ADVISORY_LOCK PG_ADVISORY_LOCK_SHARED " +
    "PG_STAT_RESET PG_STAT_STATEMENTS_RESET PG_SWITCH_WAL PG_PROMOTE " +
    "GET_LOCK RELEASE_LOCK RELEASE_ALL_LOCKS SLEEP BENCHMARK LOAD_FILE"
  ).split(" "),
);

/**
 * Why a text is not one statement that only reads; `undefined` when it is one. For statements that people write into
 * a configuration: it finds mistakes, and no session should rely on it alone. A name that is a word of writing has to
 * be quoted.
 */
export function readOnlyObjection(text: string, syntax: SqlDialect | SqlSyntax): string | undefined {
  const lexer = new Lexer(text, syntax);
  const tokens: Token[] = [];
  let commented = false;
  // What a server executes of a comment, as MySQL does of one that begins with an exclamation mark, is none here.
  for (let token = lexer.next(); token !== undefined; token = lexer.next()) {
    commented = token.kind === "comment";
    if (!commented) tokens.push(token);
  }
  if (commented && tokens.at(-1)?.text === ";") return "has a comment behind its semicolon";
  while (tokens.at(-1)?.text === ";") tokens.pop();
  const [first] = tokens;
  if (first === undefined) return "is empty";
  if (!readingVerbs.has(first.word)) return "must begin with SELECT, WITH or SHOW";
  return tokens.map((token, at) => objection(token, tokens[at + 1])).find(Boolean) ?? unbalanced(tokens);
}

function objection({ word, text }: Token, next: Token | undefined): string | undefined {
  if (text === ";") return "is more than one statement";
  if (writingWords.has(word)) return `has the word ${word}: only statements that read are run`;
  if (word === "FOR" && ["SHARE", "NO", "KEY"].includes(next?.word ?? "")) return "locks rows";
  if (word === "LOCK" && next?.word === "IN") return "locks rows";
  if (next?.text === "(" && writingFunctions.has(word)) return `calls ${word}, which does more than read`;
  return undefined;
}

function unbalanced(tokens: readonly Token[]): string | undefined {
  let depth = 0;
  for (const { kind, text } of tokens) {
    if (kind !== "symbol") continue;
    if (text === "(") depth++;
    else if (text === ")" && --depth < 0) break;
  }
  return depth === 0 ? undefined : "has parentheses that do not match";
}
