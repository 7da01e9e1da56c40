import { positiveDuration } from "@dbintel/config";
import { interval } from "@dbintel/polling";
import { readOnlyObjection } from "@dbintel/sql";
import { z } from "zod";

const longestQuery = 10_000;

/** The setting `canary`. */
export const canarySettings = z.strictObject({
  enabled: z.boolean().default(true).describe("Run a small query again and again and tell how long its answer took"),
  query: z
    .string()
    .min(1)
    .max(longestQuery)
    .superRefine((sql, context) => {
      const objection = /^\s*(?:select|with)\b/i.test(sql)
        ? readOnlyObjection(sql, "mysql")
        : "a canary is a SELECT, so that the server itself can limit its time";
      if (objection !== undefined) context.addIssue({ code: "custom", message: objection });
    })
    .default("SELECT 1")
    .describe("The query: one SELECT that changes nothing. Its rows are not looked at"),
  collection_interval: interval("10s").describe("Time from one run to the next"),
  timeout: positiveDuration()
    .prefault("1s")
    .describe("The server gives up the query after this; statement_timeout is never passed"),
});

export type CanarySettings = z.output<typeof canarySettings>;
