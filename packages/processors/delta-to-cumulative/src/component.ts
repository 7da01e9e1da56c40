import { compileCondition } from "@dbintel/condition";
import { defineProcessor } from "@dbintel/pipeline";
import { Converter, DeltaToCumulative } from "@dbintel/temporality";
import { deltaToCumulativeConfig } from "./config.ts";

/** The processor `delta_to_cumulative`: turns changes of metrics into totals. */
export const deltaToCumulative = defineProcessor({
  type: "delta_to_cumulative",
  aliases: ["deltatocumulative"],
  description: "Turns changes of sums and histograms into totals since their first change.",
  signals: { metrics: "beta" },
  schema: deltaToCumulativeConfig,
  create: ({ config, host: { clock }, next }) =>
    new Converter({
      converting: new DeltaToCumulative({ maxSeries: config.max_streams, maxSilenceMs: config.max_stale }),
      accepts: config.condition === undefined ? undefined : compileCondition(config.condition, "metric").matches,
      ...{ clock, next },
    }),
});
