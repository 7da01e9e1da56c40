/** The name inside the quotes of an identifier: `"…"`, `` `…` ``, `U&"…"` (whose escapes stay). */
export function unquoted(text: string): string {
  const quote = text.charAt(text.length - 1);
  const start = text.indexOf(quote) + 1;
  return text.slice(start, -1).replaceAll(quote + quote, quote);
}
