import { positiveDuration, unsupported, withoutEffect } from "@dbintel/config";
import { z } from "zod";

const pipelineId = z
  .string()
  .regex(/^(logs|metrics|traces)(\/.+)?$/, { error: 'expected the id of a pipeline, for example "logs/primary"' });

/** Keys and meaning are those of the OpenTelemetry Collector's connector. */
export const failoverConfig = z.strictObject({
  priority_levels: z
    .array(z.array(pipelineId).min(1))
    .min(1)
    .superRefine((levels, context) => {
      const ids = levels.flat();
      const twice = ids.find((id, at) => ids.indexOf(id) !== at);
      if (twice !== undefined) context.addIssue({ code: "custom", message: `"${twice}" stands in two places` });
    })
    .describe("Pipelines by id, the best level first. A batch goes to all pipelines of a level."),
  retry_interval: positiveDuration()
    .prefault("10m")
    .describe("Time after which a level that failed is tried again, with one batch."),
  retry_gap: withoutEffect("each level is tried again at its own time"),
  max_retries: withoutEffect("a level is tried again for ever"),
  sending_queue: unsupported("a queue here would hide failures from receivers; exporters have one"),
});

export type FailoverConfig = z.output<typeof failoverConfig>;
