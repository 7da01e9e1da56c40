import { interval } from "@dbintel/polling";
import { planMemorySettings } from "@dbintel/watching";
import { z } from "zod";

/** The setting `top_query_collection`. */
export const topQueryCollection = z.strictObject({
  collection_interval: interval("60s").describe("Time between two readings of pg_stat_statements"),
  top_n_query: z
    .number()
    .int()
    .min(1)
    .max(10_000)
    .default(200)
    .describe("Statements with an event of their own by execution time; a quarter as many by each other measure"),
  query_series: z
    .number()
    .int()
    .min(0)
    .max(10_000)
    .default(0)
    .describe(
      "Statements with series of their own in postgresql.query.execution.time, dbintel.postgresql.query.calls and .rows, where these metrics are enabled; the others are summed for each database",
    ),
  max_rows_per_query: z.number().int().optional().describe("Without effect: every statement is looked at"),
  max_explain_each_interval: z
    .number()
    .int()
    .min(0)
    .default(20)
    .describe(
      "Plans asked for in each database at each reading at most; 0 for none; 1000 in the OpenTelemetry Collector",
    ),
  ...planMemorySettings,
});
