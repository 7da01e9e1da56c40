import { withoutEffect } from "@dbintel/config";
import { interval } from "@dbintel/polling";
import { z } from "zod";
import { planSettings } from "../plans/settings.ts";

/** The setting `top_query_collection`. */
export const topQueryCollection = z.strictObject({
  collection_interval: interval("60s").describe("Time between two readings of the statement digests"),
  top_query_count: z
    .number()
    .int()
    .min(1)
    .max(10_000)
    .default(200)
    .describe("Statements with an event of their own by execution time; a quarter as many by calls"),
  max_latency_histograms: z
    .number()
    .int()
    .min(0)
    .max(1000)
    .default(20)
    .describe("Top statements whose distribution of durations is read (MySQL 8.0 and later); 0 for none, nor of all"),
  lookback_time: withoutEffect("each interval is covered as a whole"),
  max_query_sample_count: withoutEffect("every statement is looked at"),
  ...planSettings,
});
