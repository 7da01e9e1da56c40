import { conditionText } from "@dbintel/condition";
import { conversionSettings, initialValues, silence } from "@dbintel/temporality";
import { z } from "zod";

/** Settings of the processor `cumulative_to_delta`; `initial_value` as in the OpenTelemetry Collector. */
export const cumulativeToDeltaConfig = z.strictObject({
  condition: conditionText("metric")
    .optional()
    .describe("CEL condition for metrics; only those for which it is true are converted"),
  ...conversionSettings(),
  initial_value: z
    .enum(initialValues)
    .default("auto")
    .describe(
      "What becomes of a series' first total: `drop` makes it the baseline, `keep` passes it on as a change, `auto` does so when the series has begun since the start of the processor",
    ),
  max_staleness: silence("1h", "A series that was silent for longer begins anew"),
});

export type CumulativeToDeltaConfig = z.output<typeof cumulativeToDeltaConfig>;
