import { compileCondition } from "@dbintel/condition";
import { defineProcessor } from "@dbintel/pipeline";
import { Converter, CumulativeToDelta } from "@dbintel/temporality";
import { cumulativeToDeltaConfig } from "./config.ts";

/** The processor `cumulative_to_delta`: turns totals of metrics into the changes between them. */
export const cumulativeToDelta = defineProcessor({
  type: "cumulative_to_delta",
  aliases: ["cumulativetodelta"],
  description: "Turns totals of monotonic sums and histograms into the changes between them.",
  signals: { metrics: "beta" },
  schema: cumulativeToDeltaConfig,
  create: ({ config, host: { clock }, next }) =>
    new Converter({
      converting: new CumulativeToDelta({
        initialValue: config.initial_value,
        startedUnixNano: clock.unixNano(),
        maxSeries: config.max_streams,
        maxSilenceMs: config.max_staleness,
      }),
      accepts: config.condition === undefined ? undefined : compileCondition(config.condition, "metric").matches,
      ...{ clock, next },
    }),
});
