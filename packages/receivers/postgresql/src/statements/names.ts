import { bounded, printable } from "@dbintel/watching";

/** The server's own limit for names, NAMEDATALEN; other builds of it have longer ones. */
const longestNameBytes = 256;

/** The name of a role or database as it is shown: what steers terminals is replaced. */
export function shownName(name: string | undefined): string | undefined {
  return name === undefined ? undefined : printable(bounded(name, longestNameBytes));
}
