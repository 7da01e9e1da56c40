import { conditionText } from "@dbintel/condition";
import { conversionSettings, silence } from "@dbintel/temporality";
import { z } from "zod";

/** Settings of the processor `delta_to_cumulative`: keys and defaults of the OpenTelemetry Collector. */
export const deltaToCumulativeConfig = z.strictObject({
  condition: conditionText("metric")
    .optional()
    .describe("CEL condition for metrics; only those for which it is true are converted"),
  ...conversionSettings(),
  max_stale: silence("5m", "A series that was silent for longer begins a new total"),
});

export type DeltaToCumulativeConfig = z.output<typeof deltaToCumulativeConfig>;
