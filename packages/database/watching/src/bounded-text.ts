/** At most so many bytes of UTF-8, cut between characters. */
export function bounded(text: string, longestBytes: number): string {
  if (text.length * 3 <= longestBytes) return text;
  const bytes = Buffer.from(text);
  if (bytes.length <= longestBytes) return text;
  let end = longestBytes;
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return bytes.toString("utf8", 0, end);
}

const replacement = "\ufffd";

/** The text with a replacement for each character that steers terminals or turns the direction of what follows. */
export function printable(text: string): string {
  let shown = "";
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    if (!steers(text.charCodeAt(at))) continue;
    shown += text.slice(from, at) + replacement;
    from = at + 1;
  }
  return from === 0 ? text : shown + text.slice(from);
}

/** The control characters of ASCII and Latin-1, and Unicode's for the direction of text (UAX #9). */
function steers(unit: number): boolean {
  return unit < 0x20 || (unit >= 0x7f && unit <= 0x9f) || (unit >= 0x202a && unit <= 0x202e) || isIsolate(unit);
}

function isIsolate(unit: number): boolean {
  return unit >= 0x2066 && unit <= 0x2069;
}
