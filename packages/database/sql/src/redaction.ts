import { Lexer } from "./lexer.ts";
import { followsWith, isClassWord, isReadable } from "./statement-class.ts";
import { type SqlDialect, type SqlSyntax, syntaxOf } from "./syntax.ts";
import type { Token } from "./token.ts";
import { TokenList } from "./token-list.ts";

/** A statement without anything that a user typed as a value. */
export interface RedactedSql {
  /** The statement on one line, each constant a `?`, without comments. */
  readonly text: string;
  /** `SELECT`, `INSERT` …; verb and object class for a utility statement; "" for what is no statement. */
  readonly kind: string;
  /** True when only verb and object class were kept. */
  readonly utility: boolean;
}

/**
 * Makes the text of a statement safe to ship.
 *
 * Constants and booleans become `?`, lists of constants shrink to their first element and rows after `VALUES` to the
 * first row, comments go, white space collapses; `$1` stays. Of a utility statement (`CREATE ROLE`, `COPY`, `SET` …)
 * only verb and object class stay, and nothing of what follows it. A text may be cut off anywhere. Takes time linear
 * in the length of the text.
 */
export function redactSql(text: string, syntax: SqlDialect | SqlSyntax): RedactedSql {
  return redact(text, syntaxOf(syntax)).sql;
}

/** What is left of a statement, as text and as tokens. */
interface Redacted {
  readonly sql: RedactedSql;
  readonly tokens: readonly Token[];
}

export function redact(text: string, syntax: SqlSyntax): Redacted {
  const redaction = new Redaction(syntax.dialect);
  const lexer = new Lexer(text, syntax);
  for (let token = lexer.next(); token !== undefined; token = lexer.next()) {
    if (token.kind !== "comment" && !redaction.push(token)) break;
  }
  return redaction.end();
}

/**
 * Makes an expression safe to ship, such as a condition in a query plan: constants become `?`, the rest stays.
 * Unlike a statement it is never a utility statement, so do not pass one.
 */
export function redactExpression(text: string, syntax: SqlDialect | SqlSyntax): string {
  const list = new TokenList();
  const lexer = new Lexer(text, syntax);
  for (let token = lexer.next(); token !== undefined; token = lexer.next()) {
    if (token.kind !== "comment") list.push(token);
  }
  list.end();
  return textOf(list.tokens);
}

/** A statement that is redacted token by token. */
class Redaction {
  readonly #dialect: SqlDialect;
  readonly #list = new TokenList();
  /** Verb and object class of the utility statement that ends the text. */
  readonly #classWords: string[] = [];
  #kind = "";
  #utility = false;
  /** The next token begins a statement. */
  #opening = true;
  #depth = 0;

  constructor(dialect: SqlDialect) {
    this.#dialect = dialect;
  }

  /** False when nothing more is to be shown. */
  push(token: Token): boolean {
    const { word } = token;
    if (this.#utility) return this.#pushClassWord(word);
    const symbol = token.kind === "symbol" ? token.text : "";
    if (this.#opening && symbol !== "(" && symbol !== ";") {
      this.#opening = false;
      this.#utility = !isReadable(word, this.#dialect);
      if (this.#kind === "") this.#kind = this.#utility ? "" : word;
      if (this.#utility) return this.#pushClassWord(word);
    }
    if (this.#kind === "WITH" && this.#depth === 0 && followsWith(word)) this.#kind = word;
    this.#list.push(token);
    if (symbol === "(") this.#depth++;
    else if (symbol === ")") this.#depth--;
    else if (symbol === ";" && this.#depth === 0) this.#opening = true;
    return true;
  }

  end(): Redacted {
    this.#list.end();
    const tokens = this.#tokens();
    const text = textOf(tokens);
    return { sql: { text, kind: this.#kind === "" ? text : this.#kind, utility: this.#utility }, tokens };
  }

  /** Without semicolons at the end. */
  #tokens(): readonly Token[] {
    const words = this.#classWords.map((text): Token => ({ kind: "word", text, word: text, spaced: true }));
    const tokens = words.length === 0 ? this.#list.tokens : [...this.#list.tokens, ...words];
    let length = tokens.length;
    while (tokens[length - 1]?.text === ";") length--;
    return length === tokens.length ? tokens : tokens.slice(0, length);
  }

  #pushClassWord(word: string): boolean {
    if (!isClassWord(word)) return false;
    this.#classWords.push(word);
    return true;
  }
}

/** On one line, a space where there was one, but none inside brackets and before `,` and `;`. */
function textOf(tokens: readonly Token[]): string {
  let text = "";
  let last = "(";
  for (const token of tokens) {
    const shown = token.text === "..." ? "?" : token.text;
    const tight = last === "(" || last === "[" || shown === ")" || shown === "]" || shown === "," || shown === ";";
    text += token.spaced && !tight ? ` ${shown}` : shown;
    last = shown;
  }
  return text;
}
