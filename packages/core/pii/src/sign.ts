/**
 * Stands before a word in encoded bytes: anything but a letter or a digit, or the tag and the length of a text that the
 * word begins, which may be letters and digits themselves. The tags are those of OTLP's fields with text.
 */
export const wordStart = "(?:[^A-Za-z0-9]|[\\x0a\\x12\\x1a\\x2a\\x3a\\x62]\\C{1,2})";

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
