import { duration } from "@dbintel/config";
import { z } from "zod";

/** How often and how long an exporter tries again; `retry_on_failure` of the OpenTelemetry Collector, same defaults. */
export const retrySettings = z
  .strictObject({
    enabled: z.boolean().default(true).describe("Try again after an error that can pass."),
    initial_interval: duration().prefault("5s").describe("Wait before the second attempt, before jitter."),
    randomization_factor: z
      .number()
      .min(0)
      .max(1)
      .default(0.5)
      .describe("Jitter: each wait is drawn evenly from interval × (1 ± this factor)."),
    multiplier: z.number().min(1).default(1.5).describe("Factor from one interval to the next."),
    max_interval: duration().prefault("30s").describe("The longest interval, before jitter."),
    max_elapsed_time: duration()
      .prefault("5m")
      .describe("Gives a request up when the next attempt would start later than this after the first; 0 never does."),
  })
  .superRefine((settings, context) => {
    const { max_elapsed_time: limit } = settings;
    if (limit === 0) return;
    for (const key of ["initial_interval", "max_interval"] as const) {
      if (settings[key] <= limit) continue;
      context.addIssue({ code: "custom", path: [key], message: "must not be longer than max_elapsed_time" });
    }
  })
  .prefault({});

export type RetrySettings = z.output<typeof retrySettings>;
