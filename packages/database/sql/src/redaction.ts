import { followsWith, isClassWord, isReadable } from "./statement-class.ts";
import { type Token, tokenize } from "./tokens.ts";

/** The SQL whose lexical rules are known. */
export type SqlDialect = "postgresql";

/** A statement without anything that a user typed as a value. */
export interface RedactedSql {
  /** The statement on one line, each constant a `?`, without comments. */
  readonly text: string;
  /** `SELECT`, `INSERT` …; verb and object class for a utility statement; "" for what is no statement. */
  readonly kind: string;
  /** True when only verb and object class were kept. */
  readonly utility: boolean;
}

/** Words after which a sign belongs to the number that follows. */
const beforeExpression = new Set(
  "SELECT WHERE AND OR NOT ON BY HAVING LIMIT OFFSET WHEN THEN ELSE CASE BETWEEN LIKE ILIKE IN RETURNING VALUES SET DISTINCT ALL AS IS".split(
    " ",
  ),
);

/**
 * Makes the text of a statement safe to ship.
 *
 * Constants become `?`, a list of constants after `IN` or `ARRAY` shrinks to its first element, comments go, white
 * space collapses; `$1` stays. Of a utility statement (`CREATE ROLE`, `COPY`, `SET` …) only verb and object class
 * stay, and nothing of what follows it. A text may be cut off anywhere. Takes time linear in the length of the text.
 */
export function redactSql(text: string, _dialect: SqlDialect): RedactedSql {
  const writer = new RedactionWriter();
  for (const token of tokenize(text)) {
    if (!writer.write(token)) break;
  }
  return writer.result();
}

/** Where a list of constants stands: nowhere, after its keyword, before or after one of its elements. */
type ListState = "none" | "announced" | "element" | "separator";

class RedactionWriter {
  readonly #parts: string[] = [];
  #kind = "";
  #utility = false;
  /** The next token begins a statement. */
  #opening = true;
  #depth = 0;
  #previous: Token | undefined;
  /** A sign that may belong to the number after it. */
  #sign: Token | undefined;
  #list: ListState = "none";
  /** Length of the output after the first element of the list. */
  #listLength = 0;

  /** False when nothing more is to be shown. */
  write(token: Token): boolean {
    const word = token.kind === "word" ? token.text.toUpperCase() : "";
    if (this.#utility) return this.#writeClassWord(word);
    if (this.#opening && token.text !== "(" && token.text !== ";") {
      this.#opening = false;
      this.#utility = !isReadable(word);
      if (this.#kind === "") this.#kind = this.#utility ? "" : word;
      if (this.#utility) return this.#writeClassWord(word);
    }
    if (this.#kind === "WITH" && this.#depth === 0 && followsWith(word)) this.#kind = word;
    this.#writeToken(token, word);
    if (token.text === "(") this.#depth++;
    if (token.text === ")") this.#depth--;
    if (token.text === ";" && this.#depth === 0) this.#opening = true;
    return true;
  }

  result(): RedactedSql {
    if (this.#sign !== undefined) this.#append(this.#sign.spaced, this.#sign.text);
    const text = this.#parts.join("").replace(/[\s;]+$/, "");
    return { text, kind: this.#kind === "" ? text : this.#kind, utility: this.#utility };
  }

  #writeClassWord(word: string): boolean {
    if (!isClassWord(word)) return false;
    const separator = this.#parts.length === 0 ? "" : " ";
    this.#parts.push(`${separator}${word}`);
    return true;
  }

  #writeToken(token: Token, word: string): void {
    const constant = token.kind === "number" || token.kind === "string";
    const sign = this.#sign;
    this.#sign = undefined;
    if (sign === undefined && this.#isSign(token)) {
      this.#sign = token;
      return;
    }
    const signed = sign !== undefined && token.kind === "number";
    if (sign !== undefined && !signed) this.#append(sign.spaced, sign.text);
    // 'a' 'b' on two lines is one constant.
    const continued = token.kind === "string" && this.#previous?.kind === "string";
    if (!continued) this.#append(signed ? sign.spaced : token.spaced, constant ? "?" : token.text);
    this.#followList(token, word, constant || token.kind === "parameter");
    this.#previous = token;
  }

  #isSign(token: Token): boolean {
    if (token.text !== "-" && token.text !== "+") return false;
    const before = this.#previous;
    if (before === undefined) return true;
    if (before.kind === "symbol") return before.text !== ")" && before.text !== "]";
    return before.kind === "word" && beforeExpression.has(before.text.toUpperCase());
  }

  #append(spaced: boolean, shown: string): void {
    const last = this.#parts.at(-1) ?? "(";
    const tight = last === "(" || last === "[" || shown === ")" || shown === "]" || shown === "," || shown === ";";
    if (spaced && !tight) this.#parts.push(" ");
    this.#parts.push(shown);
  }

  #followList(token: Token, word: string, element: boolean): void {
    if (word === "IN" || word === "ARRAY") this.#list = "announced";
    else if (this.#list === "announced" && (token.text === "(" || token.text === "[")) {
      this.#list = "element";
      this.#listLength = 0;
    } else if (this.#list === "element" && element) {
      this.#list = "separator";
      if (this.#listLength === 0) this.#listLength = this.#parts.length;
    } else if (this.#list === "separator" && token.text === ",") this.#list = "element";
    else {
      const closed = this.#list === "separator" && (token.text === ")" || token.text === "]");
      if (closed) this.#parts.splice(this.#listLength, this.#parts.length, token.text);
      this.#list = "none";
    }
  }
}
