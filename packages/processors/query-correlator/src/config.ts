import { duration, positiveDuration } from "@dbintel/config";
import { sqlModeSettings } from "@dbintel/sql";
import { z } from "zod";

const share = () => z.number().min(0).max(1);
const count = (most: number) => z.int().positive().max(most);

/** Settings of the processor `query_correlator`. */
export const queryCorrelatorConfig = z.strictObject({
  max_age: positiveDuration()
    .prefault("10m")
    .describe(
      "How far apart in time two facts may be to be joined: a statement, the statistics of its tables, its spans",
    ),
  retention: positiveDuration().prefault("1h").describe("How long what no record speaks of any more is remembered"),
  wait_window: positiveDuration()
    .prefault("5m")
    .describe("How far back the waits of a statement reach; what is usual is learnt once in that time"),
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
  tables: z
    .strictObject({
      enabled: z.boolean().default(true).describe("Tell of a statement how its tables are, by the metrics seen"),
      vacuum_threshold: z
        .number()
        .nonnegative()
        .default(50)
        .describe("Dead rows that a table may have; autovacuum_vacuum_threshold"),
      vacuum_scale_factor: z
        .number()
        .nonnegative()
        .default(0.2)
        .describe("Dead rows that it may have on top for each live one; autovacuum_vacuum_scale_factor"),
      analyze_threshold: z
        .number()
        .nonnegative()
        .default(50)
        .describe("Rows that may change before statistics are stale; autovacuum_analyze_threshold"),
      analyze_scale_factor: z
        .number()
        .nonnegative()
        .default(0.1)
        .describe("Rows that may change on top for each live one; autovacuum_analyze_scale_factor"),
      scan_min_rows: z
        .number()
        .nonnegative()
        .default(10_000)
        .describe("Tables with fewer rows may well be read without an index"),
      scan_share: share()
        .default(0.5)
        .describe("Share of the accesses to a table without an index from which it is reported"),
    })
    .prefault({})
    .describe("When a table needs what"),
  applications: z
    .strictObject({
      enabled: z.boolean().default(true).describe("Join statements with the database spans of applications"),
      match_server: z
        .boolean()
        .default(false)
        .describe(
          "Join only where span and statement name the same server; else also by database and statement, where just one server has it",
        ),
      max_services: count(64).default(8).describe("Services that are remembered of a statement"),
      max_traces: count(64).default(5).describe("Trace ids that are remembered of a statement, the latest"),
    })
    .prefault({})
    .describe("Links between statements and the spans of applications"),
  trace_links: z
    .strictObject({
      enabled: z.boolean().default(true).describe("Give a record the trace that its statement or session names"),
      max_age: positiveDuration()
        .prefault("10m")
        .describe("How long before the record its statement may have begun for the trace to count"),
    })
    .prefault({})
    .describe("Links from statements to the traces of applications"),
  ...sqlModeSettings,
  cache_size: count(1_000_000).default(5000).describe("Statements whose reading is remembered by their text"),
  max_statements: count(1_000_000)
    .default(10_000)
    .describe("Statements whose load, plan, waits and callers are remembered"),
  max_tables: count(1_000_000).default(10_000).describe("Tables whose statistics are remembered"),
  max_sessions: count(1_000_000).default(10_000).describe("Sessions whose transaction is remembered"),
});

export type QueryCorrelatorConfig = z.output<typeof queryCorrelatorConfig>;
