import { duration, parseByteSize } from "@dbintel/config";
import { z } from "zod";

/** What a queue size counts: encoded bytes, items (records, data points, spans) or batches. */
export const sizers = ["bytes", "items", "requests"] as const;
export type Sizer = (typeof sizers)[number];

/** The capacity of a queue whose size is not configured. 1000 requests is the OpenTelemetry Collector's default. */
const defaultQueueSize: Readonly<Record<Sizer, number>> = { bytes: 64 * 2 ** 20, items: 100_000, requests: 1000 };

/** 8192 items is the OpenTelemetry Collector's default; 512 KiB is in the range of 8192 small records compressed. */
const defaultMinSize: Readonly<Record<BatchSizer, number>> = { bytes: 512 * 2 ** 10, items: 8192 };

const batchSizers = ["bytes", "items"] as const;
type BatchSizer = (typeof batchSizers)[number];

/** A number without a unit, or a text with a unit of bytes; which of them decides the default of `sizer`. */
type Amount = Readonly<{ value: number; bytes: boolean }>;

const amountMessage = 'expected a whole number, or a size with a unit such as "64MiB"';

function amount() {
  return z
    .union([z.int().nonnegative(), z.string()], { error: amountMessage })
    .transform((input, context): Amount => {
      if (typeof input === "number") return { value: input, bytes: false };
      const value = parseByteSize(input.trim());
      if (value !== undefined) return { value, bytes: !/^\d+$/.test(input.trim()) };
      context.issues.push({ code: "custom", input, message: amountMessage });
      return z.NEVER;
    })
    .meta({ description: 'A whole number in units of `sizer`, or a size in bytes such as "64MiB"' });
}

/** Reports an amount in bytes where `sizer` counts something else. */
function checkUnit(given: Amount | undefined, sizer: Sizer, path: string, context: z.core.$RefinementCtx): void {
  if (given === undefined || !given.bytes || sizer === "bytes") return;
  context.addIssue({ code: "custom", path: [path], message: `has a unit of bytes, but sizer is "${sizer}"` });
}

const batchSettings = z
  .strictObject({
    flush_timeout: duration()
      .prefault("200ms")
      .describe("A batch that is smaller than min_size is sent when it has waited this long."),
    min_size: amount().optional().describe("Batches are joined up to this size. Default 8192 items or 512KiB."),
    max_size: amount().optional().describe("Larger batches are cut. Default 0: never cut."),
    sizer: z
      .enum(batchSizers)
      .optional()
      .describe(
        "What the sizes count. Default: bytes where a size has a unit, else what sending_queue.sizer says, else items.",
      ),
  })
  .describe("Joins small batches and cuts large ones before they are sent; without it each batch is sent as it came.");

/** A `batch` block with every size in one unit. */
export interface BatchSettings {
  readonly flush_timeout: number;
  readonly min_size: number;
  /** 0: never cut. */
  readonly max_size: number;
  readonly sizer: BatchSizer;
}

function resolveBatch(
  given: z.output<typeof batchSettings>,
  queueSizer: Sizer | undefined,
  context: z.core.$RefinementCtx,
): BatchSettings {
  const inherited = queueSizer === "bytes" || queueSizer === "items" ? queueSizer : "items";
  const united = given.min_size?.bytes === true || given.max_size?.bytes === true;
  const sizer = given.sizer ?? (united ? "bytes" : inherited);
  for (const key of ["min_size", "max_size"] as const) {
    const size = given[key];
    if (sizer === "items" && size?.bytes === true) {
      context.addIssue({ code: "custom", path: ["batch", key], message: 'has a unit of bytes, but sizer is "items"' });
    }
    if (given.sizer === undefined && united && size !== undefined && !size.bytes && size.value > 0) {
      context.addIssue({ code: "custom", path: ["batch", key], message: 'needs a unit like the other size: "1MB"' });
    }
  }
  const max = given.max_size?.value ?? 0;
  const fallback = defaultMinSize[sizer];
  const min = given.min_size?.value ?? (max > 0 ? Math.min(fallback, max) : fallback);
  if (max > 0 && max < min) {
    context.addIssue({ code: "custom", path: ["batch", "max_size"], message: "must not be smaller than min_size" });
  }
  return { flush_timeout: given.flush_timeout, min_size: min, max_size: max, sizer };
}

/**
 * The queue between a pipeline and its destination; `sending_queue` of the OpenTelemetry Collector, same keys.
 * Different on the safe side: without sizes it is bounded in bytes (64 MiB), not in requests of any size. A plain
 * `queue_size` keeps the meaning that it has there, requests, unless `sizer` says otherwise.
 */
export const queueSettings = z
  .strictObject({
    enabled: z.boolean().default(true).describe("false: each call waits for the destination's answer."),
    num_consumers: z.int().positive().default(10).describe("Requests on their way at the same time, for each signal."),
    sizer: z
      .enum(sizers)
      .optional()
      .describe("What queue_size counts. Default: requests where queue_size is a plain number, else bytes."),
    queue_size: amount()
      .optional()
      .describe(
        "How much may wait or be on its way, for each signal. Default 64MiB, or 100000 items, or 1000 requests.",
      ),
    block_on_overflow: z
      .boolean()
      .default(false)
      .describe("When the queue is full: true waits for room, false refuses the batch."),
    wait_for_result: z
      .boolean()
      .default(false)
      .describe("true: a call waits until the destination has answered; false: until the batch is queued."),
    batch: batchSettings.optional(),
    storage: z
      .never({ error: "the durable queue is not available: remove `storage`; the queue is in memory" })
      .optional()
      .describe("Not available: the queue is in memory."),
  })
  .transform((given, context) => {
    const plain = given.queue_size !== undefined && !given.queue_size.bytes;
    const sizer: Sizer = given.sizer ?? (plain ? "requests" : "bytes");
    checkUnit(given.queue_size, sizer, "queue_size", context);
    const size = given.queue_size?.value ?? defaultQueueSize[sizer];
    if (size === 0) context.addIssue({ code: "custom", path: ["queue_size"], message: "must be greater than 0" });
    const batch = given.batch === undefined ? undefined : resolveBatch(given.batch, given.sizer, context);
    if (batch !== undefined && batch.sizer === sizer && batch.min_size > size) {
      context.addIssue({ code: "custom", path: ["batch", "min_size"], message: "must not be larger than queue_size" });
    }
    return {
      enabled: given.enabled,
      num_consumers: given.num_consumers,
      sizer,
      queue_size: size,
      block_on_overflow: given.block_on_overflow,
      wait_for_result: given.wait_for_result,
      batch,
    };
  })
  .prefault({});

export type QueueSettings = z.output<typeof queueSettings>;
