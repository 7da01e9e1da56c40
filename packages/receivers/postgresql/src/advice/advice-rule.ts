import type { AdviceKind } from "@dbintel/watching";
import type { Capabilities } from "../connection/capabilities.ts";

/** Something that could be better, with how one sees it in the server's catalogue. */
export interface AdviceRule extends AdviceKind {
  /**
   * A row for each finding: `object`, what it is about; `schema` and `relation` where it is a table's; `sql` that would
   * repair it; and numbers that show it. `undefined` when this server has nothing to ask.
   */
  sql(args: AdviceArgs): string | undefined;
}

export interface AdviceArgs {
  readonly capabilities: Capabilities;
  /** How long the server must have counted before "never" means something. */
  readonly unusedAfterDays: number;
  /** How often a table must have been read from end to end before that is often. */
  readonly frequentScans: number;
}
