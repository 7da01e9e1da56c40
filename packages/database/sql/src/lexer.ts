import { argumentError } from "@dbintel/errors";
import { isSpace } from "./characters.ts";
import { MysqlScanner } from "./mysql-scanner.ts";
import { PostgresqlScanner } from "./postgresql-scanner.ts";
import { type SqlDialect, type SqlSyntax, syntaxOf } from "./syntax.ts";
import type { Scan, Token } from "./token.ts";

/** What a dialect knows about its characters. All positions are indices into the text. */
export interface Scanner {
  /** The end of what counts as white space besides white space itself, or -1 when none begins here. */
  endOfSpace(text: string, at: number): number;
  /** The end of the comment that begins here, or -1. */
  endOfComment(text: string, at: number): number;
  /** The token that begins here, at a character that is no white space. Its end lies behind `at`. */
  scan(text: string, at: number): Scan;
}

const textHint = "give the SQL as a string; where there is none, do not call";

/**
 * Cuts SQL into tokens in one pass, in time linear in the length of the text.
 *
 * It never fails. What is not closed runs to the end of the text, because a text may be cut off anywhere.
 */
export class Lexer {
  readonly #text: string;
  readonly #scanner: Scanner;
  #at = 0;
  #spaced = false;

  /** @throws {DbintelError} DBI_ARGUMENT for what is no text, or for a dialect that is not known. */
  constructor(text: string, syntax: SqlDialect | SqlSyntax) {
    if (typeof text !== "string") throw argumentError({ expected: "the text of SQL", given: text, hint: textHint });
    this.#text = text;
    const resolved = syntaxOf(syntax);
    this.#scanner = resolved.dialect === "postgresql" ? new PostgresqlScanner() : new MysqlScanner(resolved);
  }

  /** The next token or comment; `undefined` at the end. */
  next(): Token | undefined {
    const text = this.#text;
    const start = this.#skipSpace();
    if (start >= text.length) return undefined;
    const spaced = this.#spaced;
    const endOfComment = this.#scanner.endOfComment(text, start);
    if (endOfComment >= 0) {
      this.#at = endOfComment;
      this.#spaced = true;
      return { kind: "comment", text: text.slice(start, endOfComment), word: "", spaced };
    }
    const { kind, end } = this.#scanner.scan(text, start);
    this.#at = end;
    this.#spaced = false;
    const content = text.slice(start, end);
    return { kind, text: content, word: kind === "word" ? content.toUpperCase() : "", spaced };
  }

  #skipSpace(): number {
    let at = this.#at;
    while (at < this.#text.length) {
      const end = isSpace(this.#text.charCodeAt(at)) ? at + 1 : this.#scanner.endOfSpace(this.#text, at);
      if (end < 0) break;
      at = end;
      this.#spaced = true;
    }
    return at;
  }
}
