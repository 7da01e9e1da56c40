import { bounded, printable } from "@dbintel/watching";

const longestText = 500;

/**
 * An error of replication without what may be a value. It quotes keys, rows and whole statements, which themselves have
 * quotes in them: so everything goes from the first quote to the last.
 */
export function redactedError(text: string): string {
  const first = text.search(/['"`]/);
  if (first === -1) return printable(bounded(text, longestText));
  const last = Math.max(...['"', "'", "`"].map((quote) => text.lastIndexOf(quote)));
  return printable(bounded(`${text.slice(0, first)}?${text.slice(last + 1)}`, longestText));
}
