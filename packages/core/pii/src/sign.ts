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
