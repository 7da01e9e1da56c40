import type { MetricQuery, Row } from "@dbintel/watching";
import type { Capabilities } from "../connection/capabilities.ts";

/** A query of the metrics poll. */
export interface ServerQuery extends MetricQuery<Capabilities> {
  /** Its answer is one row of integers: all such queries are asked together, see `overview.ts`. */
  readonly oneRow?: boolean;
  /** Makes rows fit to be data points: names that anybody may print, texts without values. */
  readonly shape?: (rows: readonly Row[], capabilities: Capabilities) => readonly Row[];
}
