/**
 * Stands before a word in encoded bytes: anything but a letter or a digit, or the tag and the length of a text that the
 * word begins, when the length is a letter or a digit itself. The tags are those of OTLP's fields with text;
 * `b` is that of the name of an event.
 */
export const wordStart = "(?:[^A-Za-z0-9]|[\\x0a\\x12\\x1a\\x2a\\x3a]\\C?[0-9A-Za-z]|b[0-9A-Za-z])";

/** Stands behind a number in encoded bytes: anything but a digit, or the tag 2 of the next attribute of a log record. */
export const numberEnd = "(?:[^0-9]|2\\C{1,2}\\x0a|\\z)";

/** The sign of a pattern of this package, in which `\b` at the beginning of an alternative begins a word. */
export function signOfPattern(pattern: string): string {
  return unanchored(pattern.replaceAll(/(^|^\(\?[is]+\)|\|)\\b/g, (_, before: string) => before + wordStart));
}

/**
 * A pattern without what ties it to a place: anchors and word boundaries. It matches in any bytes that hold a text
 * which the pattern matches, whatever stands beside the text. "" (which matches everywhere) for a pattern in which
 * that cannot be told, namely one with `\Q`.
 */
export function unanchored(pattern: string): string {
  if (pattern.includes("\\Q")) return "";
  let result = "";
  let inClass = false;
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at] ?? "";
    if (character === "\\") {
      const escaped = pattern[++at] ?? "";
      if (inClass || !"bBAz".includes(escaped)) result += character + escaped;
      continue;
    }
    if (inClass) {
      // The first character of a class, behind a `^` if there is one, is a member of it even when it is `]`.
      if (character === "]" && !/\[\^?$/.test(result)) inClass = false;
    } else if (character === "[") {
      inClass = true;
    } else if (character === "^" || character === "$") {
      continue;
    }
    result += character;
  }
  return result;
}
