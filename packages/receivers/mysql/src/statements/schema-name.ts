import { bounded, printable } from "@dbintel/watching";

/** The server's names have 64 characters. */
const longestNameBytes = 256;

/** The name of a schema as it is shown: what steers terminals is replaced. */
export function shownSchema(schema: string | null): string | undefined {
  return schema === null ? undefined : printable(bounded(schema, longestNameBytes));
}
