import {
  code,
  endOfEscaped,
  endOfLine,
  endOfNumber,
  endOfQuoted,
  endOfWord,
  isDigit,
  isSpace,
  isWordStart,
} from "./characters.ts";
import type { Scanner } from "./lexer.ts";
import type { SqlSyntax } from "./syntax.ts";
import type { Scan } from "./token.ts";

/**
 * The tokens of MySQL and MariaDB by chapter 11 of MySQL's manual ("Language Structure").
 *
 * What stands in a comment that begins with `/*!` (MariaDB: also `/*M!`) is SQL that some versions run: it is read as
 * SQL. Where a constant or a comment in there reaches over the end of the version comment, the text reads differently
 * to versions that do not run it: the rest of the text is hidden.
 */
export class MysqlScanner implements Scanner {
  readonly #ansiQuotes: boolean;
  readonly #backslashEscapes: boolean;
  #inVersionComment = false;

  constructor(syntax: SqlSyntax) {
    this.#ansiQuotes = syntax.ansiQuotes ?? false;
    this.#backslashEscapes = !(syntax.noBackslashEscapes ?? false);
  }

  /** The signs around a version comment count as white space. */
  endOfSpace(text: string, at: number): number {
    const first = text.charCodeAt(at);
    if (this.#inVersionComment && first === code.star && text.charCodeAt(at + 1) === code.slash) {
      this.#inVersionComment = false;
      return at + 2;
    }
    if (first !== code.slash || text.charCodeAt(at + 1) !== code.star) return -1;
    let end = at + 2;
    if (text.charCodeAt(end) === code.upperM) end++;
    if (text.charCodeAt(end) !== code.bang) return -1;
    this.#inVersionComment = true;
    end++;
    // The version has five digits, or six since MySQL 8.0 and MariaDB 10; more would be a number of the statement.
    for (const most = end + 6; end < most && isDigit(text.charCodeAt(end)); ) end++;
    return end;
  }

  /** `#` and, before white space, `--` to the end of the line; block comments do not nest. */
  endOfComment(text: string, at: number): number {
    const first = text.charCodeAt(at);
    if (first === code.hash) return this.#lineComment(text, at);
    const second = text.charCodeAt(at + 1);
    if (first === code.minus && second === code.minus) {
      const third = text.charCodeAt(at + 2);
      return at + 2 >= text.length || isSpace(third) || third < code.space ? this.#lineComment(text, at) : -1;
    }
    if (first !== code.slash || second !== code.star) return -1;
    const close = text.indexOf("*/", at + 2);
    return close < 0 ? text.length : close + 2;
  }

  scan(text: string, start: number): Scan {
    const first = text.charCodeAt(start);
    if (isWordStart(first) || first === code.dollar) return this.#scanWord(text, start);
    if (first === code.quote) return this.#string(text, start, start + 1, first);
    if (first === code.backtick) return this.#identifier(text, start + 1, first);
    if (first === code.doubleQuote) {
      return this.#ansiQuotes ? this.#identifier(text, start + 1, first) : this.#string(text, start, start + 1, first);
    }
    if (isDigit(first) || (first === code.dot && isDigit(text.charCodeAt(start + 1)))) {
      return { kind: "number", end: endOfNumber(text, start) };
    }
    if (first === code.question) return { kind: "parameter", end: start + 1 };
    // The server's digests write `...` for the other values of a list.
    if (first === code.dot && text.startsWith("...", start)) return { kind: "parameter", end: start + 3 };
    return { kind: "symbol", end: start + 1 };
  }

  /** A word, or `X'…'`, `B'…'`, `N'…'`. A character set (`_utf8'…'`) is a word of its own. */
  #scanWord(text: string, start: number): Scan {
    if (text.charCodeAt(start + 1) === code.quote && "xXbBnN".includes(text.charAt(start))) {
      return this.#string(text, start, start + 2, code.quote);
    }
    return { kind: "word", end: endOfWord(text, start) };
  }

  #lineComment(text: string, at: number): number {
    const end = endOfLine(text, at);
    return this.#leavesComment(text, at, end) ? text.length : end;
  }

  #string(text: string, start: number, at: number, quote: number): Scan {
    const end = this.#backslashEscapes ? endOfEscaped(text, at, quote) : endOfQuoted(text, at, quote);
    const broken = end < 0 || this.#leavesComment(text, start, end);
    return { kind: "string", end: broken ? text.length : end };
  }

  /** An identifier that is not closed counts as a constant. */
  #identifier(text: string, at: number, quote: number): Scan {
    const end = endOfQuoted(text, at, quote);
    if (end < 0 || this.#leavesComment(text, at, end)) return { kind: "string", end: text.length };
    return { kind: "quoted", end };
  }

  #leavesComment(text: string, start: number, end: number): boolean {
    return this.#inVersionComment && text.slice(start, end).includes("*/");
  }
}
