import { duration } from "@dbintel/config";
import { z } from "zod";
import { amount, checkUnit } from "./amount.ts";

const batchSizers = ["bytes", "items"] as const;
type BatchSizer = (typeof batchSizers)[number];

/**
 * 8192 items is the OpenTelemetry Collector's default. 512 KiB makes the fixed cost of a request small, while the
 * compressed body stays far below the limits that servers have.
 */
const defaultMinSize: Readonly<Record<BatchSizer, number>> = { bytes: 512 * 2 ** 10, items: 8192 };

/** The `batch` block as it is written. */
export const batchSettings = z
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
  /** Milliseconds. */
  readonly flush_timeout: number;
  readonly min_size: number;
  /** 0: never cut. */
  readonly max_size: number;
  readonly sizer: BatchSizer;
}

export interface QueueMeasure {
  /** What the configuration says, if it does. */
  readonly written: string | undefined;
  readonly sizer: string;
  readonly size: number;
}

/** Settles the unit and the defaults of a `batch` block, and reports what contradicts itself or the queue. */
export function resolveBatch(
  given: z.output<typeof batchSettings>,
  queue: QueueMeasure,
  context: z.core.$RefinementCtx,
): BatchSettings {
  const fail = (key: string, message: string) => context.addIssue({ code: "custom", path: ["batch", key], message });
  const united = given.min_size?.bytes === true || given.max_size?.bytes === true;
  const inherited = queue.written === "bytes" ? "bytes" : "items";
  const sizer = given.sizer ?? (united ? "bytes" : inherited);
  for (const key of ["min_size", "max_size"] as const) {
    const size = given[key];
    checkUnit(size, sizer, ["batch", key], context);
    if (given.sizer !== undefined || !united || size === undefined || size.bytes || size.value === 0) continue;
    fail(key, 'needs a unit like the other size: "1MB"');
  }
  const max = given.max_size?.value ?? 0;
  const most = Math.min(max || Number.POSITIVE_INFINITY, queue.sizer === sizer ? queue.size : Number.POSITIVE_INFINITY);
  const min = given.min_size?.value ?? Math.min(defaultMinSize[sizer], most);
  if (max > 0 && max < min) fail("max_size", "must not be smaller than min_size");
  else if (min > most) fail("min_size", "must not be larger than queue_size");
  return { flush_timeout: given.flush_timeout, min_size: min, max_size: max, sizer };
}
