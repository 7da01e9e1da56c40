import { interval } from "@dbintel/polling";
import { z } from "zod";

/** The setting `query_sample_collection`. */
export const querySampleCollection = z.strictObject({
  collection_interval: interval("10s").describe("Time between two looks at what sessions do"),
  max_rows_per_query: z
    .number()
    .int()
    .min(1)
    .max(10_000)
    .default(1000)
    .describe(
      "Sessions that are looked at, and as many statements that have ended since; 100 in the OpenTelemetry Collector",
    ),
});

/** The setting `deadlocks`. */
export const deadlockSettings = z.strictObject({
  enabled: z.boolean().default(true).describe("Tell of each deadlock, once; needs PROCESS"),
  collection_interval: interval("10s").describe("Time between two looks at whether there was another one"),
});
