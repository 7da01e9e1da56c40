import { byteSize, duration } from "@dbintel/config";
import { z } from "zod";

const noMetadataKeys = "metadata_keys is not supported: a batch carries no client metadata; remove the key";

/** The settings of `batch`: keys, meaning and defaults of the OpenTelemetry Collector, and two limits in bytes. */
export const batchConfig = z
  .strictObject({
    send_batch_size: z
      .number()
      .int()
      .nonnegative()
      .default(8192)
      .describe("Send as soon as this many records, data points or spans have gathered; 0 sends each request at once."),
    timeout: duration()
      .prefault("200ms")
      .describe("Send what has gathered this long after its first request came; 0s sends each request at once."),
    send_batch_max_size: z
      .number()
      .int()
      .nonnegative()
      .default(0)
      .describe("Never send more items than this in one batch; 0 sets no limit. At least send_batch_size."),
    send_batch_max_bytes: byteSize()
      .prefault(0)
      .describe("Never send more encoded bytes than this in one batch, unless one item is larger; 0 sets no limit."),
    max_pending_bytes: byteSize()
      .prefault("32MiB")
      .describe("Refuse data while this many bytes gather or wait for the answer of the next component."),
    metadata_keys: z
      .array(z.string())
      .max(0, { error: noMetadataKeys })
      .default([])
      .describe("Not supported; accepted when empty."),
    metadata_cardinality_limit: z
      .number()
      .int()
      .nonnegative()
      .default(1000)
      .describe("Accepted so that existing files load; without metadata_keys it has no effect."),
  })
  .refine((config) => config.send_batch_max_size === 0 || config.send_batch_max_size >= config.send_batch_size, {
    error: "send_batch_max_size must be 0 or at least send_batch_size",
    path: ["send_batch_max_size"],
  });

export type BatchConfig = z.output<typeof batchConfig>;
