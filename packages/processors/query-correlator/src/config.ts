import { duration } from "@dbintel/config";
import { z } from "zod";

const share = () => z.number().min(0).max(1);

/** Settings of the processor `query_correlator`. */
export const queryCorrelatorConfig = z.strictObject({
  query_categorization: z
    .strictObject({
      slow: duration().prefault("1s").describe("Mean time of an execution from which a statement is slow"),
      moderate: duration().prefault("100ms").describe("Mean time of an execution from which it is moderate"),
      heavy_share: share().default(0.2).describe("Share of the database's load from which a statement is heavy"),
      notable_share: share().default(0.05).describe("Share of the database's load from which it is notable"),
    })
    .refine(({ slow, moderate }) => moderate <= slow, { error: "must be at most slow", path: ["moderate"] })
    .refine((shares) => shares.notable_share <= shares.heavy_share, {
      error: "must be at most heavy_share",
      path: ["notable_share"],
    })
    .prefault({})
    .describe("What is called slow and what heavy"),
  trace_links: z
    .strictObject({
      enabled: z.boolean().default(true).describe("Give a record the trace that its statement or session names"),
      max_age: duration()
        .refine((ms) => ms > 0, "must be more than 0")
        .prefault("10m")
        .describe("How long before the record its statement may have begun for the trace to count"),
    })
    .prefault({})
    .describe("Links from statements to the traces of applications"),
  ansi_quotes: z
    .boolean()
    .default(false)
    .describe("MySQL and MariaDB run with ANSI_QUOTES in sql_mode: what is between double quotes is a name"),
  no_backslash_escapes: z
    .boolean()
    .default(false)
    .describe("MySQL and MariaDB run with NO_BACKSLASH_ESCAPES in sql_mode"),
  cache_size: z
    .int()
    .positive()
    .max(1_000_000)
    .default(5000)
    .describe("Statements whose reading is remembered by their text"),
});

export type QueryCorrelatorConfig = z.output<typeof queryCorrelatorConfig>;
