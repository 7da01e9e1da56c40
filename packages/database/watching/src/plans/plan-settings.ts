import { positiveDuration } from "@dbintel/config";
import { z } from "zod";

/** How long plans of statements are remembered: keys of the setting `top_query_collection`. */
export const planMemorySettings = {
  query_plan_cache_size: z
    .number()
    .int()
    .min(1)
    .max(100_000)
    .default(1000)
    .describe("Statements whose plan is remembered"),
  query_plan_cache_ttl: positiveDuration()
    .prefault("1h")
    .describe("Time after which a plan is asked for again; before that when the statement becomes slower or faster"),
};
