import { code, isSpace } from "./characters.ts";
import { Lexer } from "./lexer.ts";
import type { SqlDialect, SqlSyntax } from "./syntax.ts";

const mostTags = 32;
const longestKey = 64;
const longestValue = 512;

/**
 * The tags that an application's libraries leave in the comments of its statements: sqlcommenter's
 * `key='value',traceparent='…'`, marginalia's `application:Shop,controller:orders`, and `key=value`.
 *
 * A comment counts only if all of it is such a list; of two tags with one key the later one counts. At most 32 tags;
 * keys up to 64 characters and values up to 512, longer ones are left out. The values are the application's words:
 * let only known keys leave the collector.
 */
export function commentTags(text: string, syntax: SqlDialect | SqlSyntax): ReadonlyMap<string, string> {
  const tags = new Map<string, string>();
  const lexer = new Lexer(text, syntax);
  for (let token = lexer.next(); token !== undefined; token = lexer.next()) {
    if (token.kind !== "comment") continue;
    for (const [key, value] of readTags(contentOf(token.text)) ?? []) {
      if (tags.size >= mostTags && !tags.has(key)) break;
      if (key.length <= longestKey && value.length <= longestValue) tags.set(key, value);
    }
  }
  return tags;
}

/** The inside of `/* … *\/`, `-- …` or `# …`; of a block comment that is cut off, nothing. */
function contentOf(comment: string): string {
  if (!comment.startsWith("/*")) return comment.slice(comment.startsWith("#") ? 1 : 2).trim();
  return comment.length >= 4 && comment.endsWith("*/") ? comment.slice(2, -2).trim() : "";
}

/** `undefined` when the text is anything but a list of tags. */
function readTags(text: string): [string, string][] | undefined {
  const tags: [string, string][] = [];
  let at = 0;
  while (at < text.length && tags.length < mostTags) {
    while (isSpace(text.charCodeAt(at))) at++;
    const keyStart = at;
    while (isKeyPart(text.charCodeAt(at))) at++;
    const key = text.slice(keyStart, at);
    const separator = text.charAt(at);
    if (key === "" || (separator !== "=" && separator !== ":")) return undefined;
    const quoted = separator === "=" && text.charCodeAt(at + 1) === code.quote;
    const start = quoted ? at + 2 : at + 1;
    const end = quoted ? endOfQuotedValue(text, start) : endOfPlainValue(text, start);
    if (end < 0) return undefined;
    const raw = text.slice(start, end);
    tags.push([decoded(key), quoted ? decoded(raw.replaceAll("\\'", "'")) : raw]);
    at = quoted ? end + 1 : end;
    while (isSpace(text.charCodeAt(at))) at++;
    if (at < text.length && text.charAt(at) !== ",") return undefined;
    at++;
  }
  return tags;
}

/** The position of the quote that closes the value; a backslash escapes a quote (sqlcommenter, "Meta characters"). */
function endOfQuotedValue(text: string, start: number): number {
  for (let i = start; i < text.length; i++) {
    const char = text.charCodeAt(i);
    if (char === code.backslash) i++;
    else if (char === code.quote) return i;
  }
  return -1;
}

/** A value without quotes has no white space: `/* note: see below *\/` is prose. */
function endOfPlainValue(text: string, start: number): number {
  let end = start;
  while (end < text.length && text.charAt(end) !== "," && !isSpace(text.charCodeAt(end))) end++;
  return end === start ? -1 : end;
}

/** A letter, a digit, `_`, `-`, `.`, or `%` of an encoded character. */
function isKeyPart(char: number): boolean {
  if ((char >= 97 && char <= 122) || (char >= 65 && char <= 90) || (char >= 48 && char <= 57)) return true;
  return char === 95 || char === 45 || char === 46 || char === 37;
}

/** sqlcommenter encodes keys and values like a URL. What is not valid encoding stays as it is. */
function decoded(text: string): string {
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
