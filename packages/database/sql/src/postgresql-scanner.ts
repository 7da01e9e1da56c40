import {
  code,
  endOfEscaped,
  endOfLine,
  endOfNumber,
  endOfQuoted,
  endOfWord,
  isDigit,
  isWordPart,
  isWordStart,
} from "./characters.ts";
import type { Scanner } from "./lexer.ts";
import type { Scan } from "./token.ts";

/**
 * PostgreSQL's tokens by the rules of chapter 4.1 of its manual.
 *
 * Whether a backslash escapes the quote of a plain `'…'` depends on the session that ran the statement
 * (`standard_conforming_strings`), which no view tells: such a string hides the rest of the text.
 */
export class PostgresqlScanner implements Scanner {
  endOfSpace(): number {
    return -1;
  }

  /** `--` to the end of the line; block comments nest. */
  endOfComment(text: string, at: number): number {
    const first = text.charCodeAt(at);
    const second = text.charCodeAt(at + 1);
    if (first === code.minus && second === code.minus) return endOfLine(text, at);
    return first === code.slash && second === code.star ? endOfNestedComment(text, at) : -1;
  }

  scan(text: string, start: number): Scan {
    const first = text.charCodeAt(start);
    if (isWordStart(first)) return scanWord(text, start);
    if (first === code.quote) return { kind: "string", end: endOfString(text, start + 1) };
    if (first === code.doubleQuote) return scanIdentifier(text, start + 1);
    if (first === code.dollar) return scanDollar(text, start);
    if (isDigit(first) || (first === code.dot && isDigit(text.charCodeAt(start + 1)))) {
      return { kind: "number", end: endOfNumber(text, start) };
    }
    return { kind: "symbol", end: start + 1 };
  }
}

/** A word, or a constant or identifier with a prefix: `E'…'`, `B'…'`, `X'…'`, `N'…'`, `U&'…'`, `U&"…"`. */
function scanWord(text: string, start: number): Scan {
  const next = text.charCodeAt(start + 1);
  if (next === code.dollar && (text.charCodeAt(start) | 32) === 110) return scanNationalParameter(text, start);
  if (next !== code.quote && next !== code.ampersand) return { kind: "word", end: endOfWord(text, start) };
  const prefix = text.charAt(start).toLowerCase();
  if (next === code.ampersand && prefix === "u") {
    const quote = text.charCodeAt(start + 2);
    if (quote === code.quote) return { kind: "string", end: endOfString(text, start + 3) };
    if (quote === code.doubleQuote) return scanIdentifier(text, start + 3);
  }
  if (next === code.quote && prefix === "e") {
    return { kind: "string", end: closed(text, endOfEscaped(text, start + 2, code.quote)) };
  }
  if (next === code.quote && (prefix === "b" || prefix === "x" || prefix === "n")) {
    return { kind: "string", end: endOfString(text, start + 2) };
  }
  return { kind: "word", end: endOfWord(text, start) };
}

/** `N$1`: in `N'…'` pg_stat_statements replaces the string and leaves the prefix. */
function scanNationalParameter(text: string, start: number): Scan {
  const end = endOfWord(text, start);
  let digits = start + 2;
  while (digits < end && isDigit(text.charCodeAt(digits))) digits++;
  return { kind: digits === end && end > start + 2 ? "parameter" : "word", end };
}

function endOfString(text: string, at: number): number {
  let backslashes = 0;
  for (let i = at; i < text.length; i++) {
    const char = text.charCodeAt(i);
    if (char === code.backslash) {
      backslashes++;
      continue;
    }
    if (char === code.quote) {
      if (backslashes % 2 === 1) return text.length;
      if (text.charCodeAt(i + 1) !== code.quote) return i + 1;
      i++;
    }
    backslashes = 0;
  }
  return text.length;
}

/** An identifier that is not closed counts as a constant. */
function scanIdentifier(text: string, at: number): Scan {
  const end = endOfQuoted(text, at, code.doubleQuote);
  return end < 0 ? { kind: "string", end: text.length } : { kind: "quoted", end };
}

/** The protocol counts the parameters of a statement in 16 bits: a larger number is a value that lost its quote. */
const largestParameter = 65_535;

/** `$1`, `$$…$$`, `$tag$…$tag$`, or a lone dollar. */
function scanDollar(text: string, start: number): Scan {
  let end = start + 1;
  if (isDigit(text.charCodeAt(end))) {
    while (isDigit(text.charCodeAt(end))) end++;
    const isParameter = Number(text.slice(start + 1, end)) <= largestParameter;
    return { kind: isParameter ? "parameter" : "number", end };
  }
  if (isWordStart(text.charCodeAt(end))) {
    while (isWordPart(text.charCodeAt(end)) && text.charCodeAt(end) !== code.dollar) end++;
  }
  if (text.charCodeAt(end) !== code.dollar) return { kind: "symbol", end: start + 1 };
  const tag = text.slice(start, end + 1);
  const close = text.indexOf(tag, end + 1);
  return { kind: "string", end: close < 0 ? text.length : close + tag.length };
}

function endOfNestedComment(text: string, start: number): number {
  let depth = 0;
  for (let i = start; i < text.length; i++) {
    const char = text.charCodeAt(i);
    if (char === code.slash && text.charCodeAt(i + 1) === code.star) {
      depth++;
      i++;
    } else if (char === code.star && text.charCodeAt(i + 1) === code.slash) {
      depth--;
      i++;
      if (depth === 0) return i + 1;
    }
  }
  return text.length;
}

function closed(text: string, end: number): number {
  return end < 0 ? text.length : end;
}
