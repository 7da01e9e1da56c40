import { age, extensionId } from "@dbintel/config";
import { z } from "zod";
import { amount, checkUnit } from "./amount.ts";
import { batchSettings, resolveBatch } from "./batch-settings.ts";

/** What a queue size counts: encoded bytes, items (records, data points, spans) or batches. */
export const sizers = ["bytes", "items", "requests"] as const;
export type Sizer = (typeof sizers)[number];

/** How the number of requests on their way is chosen. */
const concurrencies = ["adaptive", "fixed"] as const;

/** What happens to a batch that the disk does not take. */
const storageFailures = ["refuse", "drop"] as const;

/** The capacity of a queue whose size is not configured. 1000 requests is the OpenTelemetry Collector's default. */
const defaultQueueSize: Readonly<Record<Sizer, number>> = { bytes: 64 * 2 ** 20, items: 100_000, requests: 1000 };

/**
 * The queue between a pipeline and its destination; `sending_queue` of the OpenTelemetry Collector, same keys.
 * Different on the safe side: without sizes it is bounded in bytes (64 MiB), not in requests of any size. A plain
 * `queue_size` keeps the meaning that it has there, requests, unless `sizer` says otherwise.
 */
export const queueSettings = z
  .strictObject({
    enabled: z.boolean().default(true).describe("false: each call waits for the destination's answer."),
    num_consumers: z
      .int()
      .positive()
      .default(10)
      .describe("The most requests on their way at the same time, for each signal."),
    concurrency: z
      .enum(concurrencies)
      .default("adaptive")
      .describe(
        "adaptive: fewer than num_consumers while answers take longer than usual or ask to send less; fixed: always that many.",
      ),
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
    storage: extensionId()
      .optional()
      .describe("Id of a storage extension, such as file_storage: the queue is on disk and outlives the process."),
    max_age: age()
      .prefault("48h")
      .describe("With storage: what has waited for longer is given up before it is sent; 0 never."),
    on_storage_failure: z
      .enum(storageFailures)
      .default("refuse")
      .describe(
        "With storage, when the disk does not take a batch: refuse it (back-pressure), or drop it and count it.",
      ),
  })
  .transform((given, context) => {
    const plain = given.queue_size !== undefined && !given.queue_size.bytes;
    const sizer: Sizer = given.sizer ?? (plain ? "requests" : "bytes");
    checkUnit(given.queue_size, sizer, ["queue_size"], context);
    const size = given.queue_size?.value ?? defaultQueueSize[sizer];
    if (size === 0) context.addIssue({ code: "custom", path: ["queue_size"], message: "must be greater than 0" });
    if (given.storage !== undefined) checkStorage(given, context);
    const measure = { written: given.sizer, sizer, size };
    return {
      enabled: given.enabled,
      num_consumers: given.num_consumers,
      concurrency: given.concurrency,
      sizer,
      queue_size: size,
      block_on_overflow: given.block_on_overflow,
      wait_for_result: given.wait_for_result,
      storage: given.storage,
      max_age: given.max_age,
      on_storage_failure: given.on_storage_failure,
      batch: given.batch === undefined ? undefined : resolveBatch(given.batch, measure, context),
    };
  })
  .prefault({});

export type QueueSettings = z.output<typeof queueSettings>;

/** A queue on disk answers when the data is there: to wait for the destination too would promise nothing more. */
function checkStorage(
  given: { readonly enabled: boolean; readonly wait_for_result: boolean },
  context: z.core.$RefinementCtx,
): void {
  const fail = (key: string, message: string) => context.addIssue({ code: "custom", path: [key], message });
  if (given.wait_for_result) fail("wait_for_result", "cannot be used with storage: a call waits until the disk has it");
  if (!given.enabled) fail("storage", "needs the queue: remove `enabled: false`");
}
