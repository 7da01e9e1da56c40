/**
 * What a token is, as far as making a text safe needs to know: `word` an unquoted identifier or a keyword, `quoted`
 * a quoted identifier, `number` and `string` constants, `parameter` `$1`, `symbol` one character of anything else.
 */
export type TokenKind = "word" | "quoted" | "number" | "string" | "parameter" | "symbol";

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  /** White space or a comment stands before the token. */
  readonly spaced: boolean;
}

/**
 * Cuts PostgreSQL's SQL into tokens in one pass, by the rules of chapter 4.1 of its manual.
 *
 * It never fails. What is not closed runs to the end of the text, because a text may be cut off anywhere; an
 * identifier that is not closed counts as a string. Whether a backslash escapes the quote of a plain `'…'` depends
 * on the session that ran the statement (`standard_conforming_strings`): such a string hides the rest of the text.
 */
export function* tokenize(text: string): Generator<Token, void, undefined> {
  let at = 0;
  while (true) {
    const start = skipSpace(text, at);
    if (start >= text.length) return;
    const { kind, end } = scan(text, start);
    yield { kind, text: text.slice(start, end), spaced: start > at };
    at = end;
  }
}

interface Scan {
  readonly kind: TokenKind;
  readonly end: number;
}

function scan(text: string, start: number): Scan {
  const first = text.charAt(start);
  if (first === "'") return { kind: "string", end: endOfString(text, start + 1) };
  if (first === '"') return scanQuoted(text, start + 1);
  if (first === "$") return scanDollar(text, start);
  if (isDigit(first) || (first === "." && isDigit(text.charAt(start + 1)))) {
    return { kind: "number", end: endOfNumber(text, start) };
  }
  if (isWordStart(first)) return scanWord(text, start);
  return { kind: "symbol", end: start + 1 };
}

/** A word, or a constant or identifier with a prefix: `E'…'`, `B'…'`, `X'…'`, `N'…'`, `U&'…'`, `U&"…"`. */
function scanWord(text: string, start: number): Scan {
  const prefix = text.charAt(start).toLowerCase();
  const next = text.charAt(start + 1);
  if (prefix === "u" && next === "&") {
    const quote = text.charAt(start + 2);
    if (quote === "'") return { kind: "string", end: endOfString(text, start + 3) };
    if (quote === '"') return scanQuoted(text, start + 3);
  }
  if (next === "'" && prefix === "e") return { kind: "string", end: endOfEscapeString(text, start + 2) };
  if (next === "'" && (prefix === "b" || prefix === "x" || prefix === "n")) {
    return { kind: "string", end: endOfString(text, start + 2) };
  }
  let end = start + 1;
  while (end < text.length && isWordPart(text.charAt(end))) end++;
  return { kind: "word", end };
}

/** The end of a string that began before `at`; a doubled quote stands for one quote. */
function endOfString(text: string, at: number): number {
  let backslashes = 0;
  for (let i = at; i < text.length; i++) {
    const char = text.charAt(i);
    if (char === "\\") {
      backslashes++;
      continue;
    }
    if (char === "'") {
      if (backslashes % 2 === 1) return text.length;
      if (text.charAt(i + 1) !== "'") return i + 1;
      i++;
    }
    backslashes = 0;
  }
  return text.length;
}

function endOfEscapeString(text: string, at: number): number {
  for (let i = at; i < text.length; i++) {
    const char = text.charAt(i);
    if (char === "\\") i++;
    else if (char === "'") {
      if (text.charAt(i + 1) !== "'") return i + 1;
      i++;
    }
  }
  return text.length;
}

function scanQuoted(text: string, at: number): Scan {
  for (let i = at; i < text.length; i++) {
    if (text.charAt(i) !== '"') continue;
    if (text.charAt(i + 1) !== '"') return { kind: "quoted", end: i + 1 };
    i++;
  }
  return { kind: "string", end: text.length };
}

/** The protocol counts the parameters of a statement in 16 bits: a larger number is a value that lost its quote. */
const largestParameter = 65_535;

/** `$1`, `$$…$$`, `$tag$…$tag$`, or a lone dollar. */
function scanDollar(text: string, start: number): Scan {
  let end = start + 1;
  if (isDigit(text.charAt(end))) {
    while (isDigit(text.charAt(end))) end++;
    const isParameter = Number(text.slice(start + 1, end)) <= largestParameter;
    return { kind: isParameter ? "parameter" : "number", end };
  }
  if (isWordStart(text.charAt(end))) {
    while (end < text.length && isWordPart(text.charAt(end)) && text.charAt(end) !== "$") end++;
  }
  if (text.charAt(end) !== "$") return { kind: "symbol", end: start + 1 };
  const tag = text.slice(start, end + 1);
  const close = text.indexOf(tag, end + 1);
  return { kind: "string", end: close < 0 ? text.length : close + tag.length };
}

/** Decimal, exponent, `0x…`, `0o…`, `0b…`, `1_000`; letters that stick to a number belong to it. */
function endOfNumber(text: string, start: number): number {
  const radix = text.charAt(start) === "0" && "xXoObB".includes(text.charAt(start + 1) || " ");
  let end = start;
  while (end < text.length) {
    const char = text.charAt(end);
    const exponent = !radix && (char === "e" || char === "E");
    if (exponent && (text.charAt(end + 1) === "+" || text.charAt(end + 1) === "-")) end += 2;
    else if (isWordPart(char) || (char === "." && text.charAt(end + 1) !== ".")) end++;
    else break;
  }
  return end;
}

/** The position of the first character that is neither white space nor part of a comment; comments may nest. */
function skipSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length) {
    if (isSpace(text.charAt(at))) at++;
    else if (text.startsWith("--", at)) at = endOfLine(text, at);
    else if (text.startsWith("/*", at)) at = endOfBlockComment(text, at);
    else break;
  }
  return at;
}

function endOfLine(text: string, at: number): number {
  for (let i = at; i < text.length; i++) {
    if (text.charAt(i) === "\n" || text.charAt(i) === "\r") return i + 1;
  }
  return text.length;
}

function endOfBlockComment(text: string, start: number): number {
  let depth = 0;
  for (let i = start; i < text.length; i++) {
    if (text.startsWith("/*", i)) {
      depth++;
      i++;
    } else if (text.startsWith("*/", i)) {
      depth--;
      i++;
      if (depth === 0) return i + 1;
    }
  }
  return text.length;
}

function isSpace(char: string): boolean {
  return char === " " || (char >= "\t" && char <= "\r");
}

function isDigit(char: string): boolean {
  return char >= "0" && char <= "9";
}

function isWordStart(char: string): boolean {
  return (char >= "a" && char <= "z") || (char >= "A" && char <= "Z") || char === "_" || char >= "\u0080";
}

function isWordPart(char: string): boolean {
  return isWordStart(char) || isDigit(char) || char === "$";
}
