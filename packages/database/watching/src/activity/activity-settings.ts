import { duration } from "@dbintel/config";
import { interval } from "@dbintel/polling";
import { z } from "zod";

/** The setting `active_sessions`: how the load of a server is sampled. */
export const activeSessionSettings = z.strictObject({
  enabled: z.boolean().default(true).describe("Sample which sessions are active and what they wait for"),
  collection_interval: interval("1s").describe(
    "Time between two samples; longer by itself while samples take too much of it, and with more than 100 active sessions",
  ),
  max_series: z
    .number()
    .int()
    .min(1)
    .max(10_000)
    .default(200)
    .describe("Combinations of database, statement and wait that are sent one by one; the rest is summed"),
  max_cost: z
    .number()
    .gt(0)
    .max(1)
    .default(0.01)
    .describe("Share of the interval that one sample may take, in the database or in the collector"),
});

/** The setting `query_sample_collection`; `rows` says what the limit of rows counts. */
export function querySampleCollection(rows: string) {
  return z
    .strictObject({
      collection_interval: interval("10s").describe("Time between two looks at what sessions do"),
      max_rows_per_query: z.number().int().min(1).max(10_000).default(1000).describe(rows),
    })
    .prefault({});
}

function age(standard: string, what: string) {
  return duration().prefault(standard).describe(`Tell once of ${what} that is older than this; 0s for never`);
}

/** The setting `long_running`: what is told once because it lasts. */
export const longRunningSettings = z.strictObject({
  statement: age("60s", "a statement"),
  transaction: age("10m", "a transaction"),
  idle_transaction: age("60s", "a session that is idle in a transaction"),
  prepared_transaction: age("5m", "a prepared transaction"),
});
