/** How much of a server's own words goes into a message. */
export const longestQuotation = 500;

/** What a server says, for a message: one line of bounded length without control characters and without secrets. */
export function quote(text: string, secrets: readonly string[]): string {
  let clean = text;
  for (const value of secrets) clean = clean.replaceAll(value, "[REDACTED]");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what has to go.
  const line = clean.replace(/[\u0000-\u001f\u007f-\u009f]+/g, " ").trim();
  return line.length > longestQuotation ? `${line.slice(0, longestQuotation)}…` : line;
}

/** The texts of a header's value that no message may repeat: the whole, and the key behind `Bearer`. */
export function secretsIn(value: string): readonly string[] {
  // What is very short is no secret, and taking it out would spoil every message.
  return [value, ...value.split(/\s+/)].filter((text) => text.length >= 8);
}
