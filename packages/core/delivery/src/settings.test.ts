import { describe, expect, it } from "vitest";
import { z } from "zod";
import { checkDelivery, deliverySettings } from "./index.ts";

const schema = z.strictObject(deliverySettings()).superRefine(checkDelivery);

function issues(input: unknown): string[] {
  const result = schema.safeParse(input);
  return (result.error?.issues ?? []).map(({ path, message }) => `${path.join(".")}: ${message}`);
}

function queue(input: unknown) {
  return schema.parse({ sending_queue: input }).sending_queue;
}

describe("deliverySettings", () => {
  it("has the OpenTelemetry Collector's defaults, but a queue that is bounded in bytes", () => {
    expect(schema.parse({})).toEqual({
      timeout: 5000,
      retry_on_failure: {
        enabled: true,
        initial_interval: 5000,
        randomization_factor: 0.5,
        multiplier: 1.5,
        max_interval: 30_000,
        max_elapsed_time: 300_000,
      },
      sending_queue: {
        enabled: true,
        num_consumers: 10,
        concurrency: "adaptive",
        sizer: "bytes",
        queue_size: 64 * 2 ** 20,
        block_on_overflow: false,
        wait_for_result: false,
        storage: undefined,
        max_age: 172_800_000,
        on_storage_failure: "refuse",
        batch: undefined,
      },
    });
  });

  it("takes another default for the timeout", () => {
    expect(z.strictObject(deliverySettings({ timeout: "30s" })).parse({}).timeout).toBe(30_000);
  });

  it("can be described as a JSON Schema", () => {
    expect(JSON.stringify(z.toJSONSchema(schema, { io: "input" }))).toContain("max_elapsed_time");
  });
});

describe("retry_on_failure", () => {
  it("refuses intervals that are longer than the whole", () => {
    expect(issues({ retry_on_failure: { max_elapsed_time: "3s", max_interval: "2s" } })).toEqual([
      "retry_on_failure.initial_interval: must not be longer than max_elapsed_time",
    ]);
  });

  it("takes any interval when it never gives up", () => {
    expect(issues({ retry_on_failure: { max_elapsed_time: "0s", max_interval: "1h" } })).toEqual([]);
  });
});

describe("sending_queue", () => {
  it.each([
    [{ queue_size: 5000 }, "requests", 5000],
    [{ queue_size: "5000" }, "requests", 5000],
    [{ queue_size: "8MiB" }, "bytes", 8 * 2 ** 20],
    [{ queue_size: 5000, sizer: "bytes" }, "bytes", 5000],
    [{ queue_size: 5000, sizer: "items" }, "items", 5000],
    [{ sizer: "items" }, "items", 100_000],
    [{ sizer: "requests" }, "requests", 1000],
  ])("reads %j", (input, sizer, size) => {
    expect(queue(input)).toMatchObject({ sizer, queue_size: size });
  });

  it("refuses a size in bytes for a queue that counts something else", () => {
    expect(issues({ sending_queue: { queue_size: "8MiB", sizer: "items" } })).toEqual([
      'sending_queue.queue_size: has a unit of bytes, but sizer is "items"',
    ]);
  });

  it("refuses a queue without room and one without senders", () => {
    expect(issues({ sending_queue: { queue_size: 0 } })).toEqual(["sending_queue.queue_size: must be greater than 0"]);
    expect(issues({ sending_queue: { num_consumers: 0 } })).toHaveLength(1);
  });

  it("refuses what a queue on disk cannot do", () => {
    expect(issues({ sending_queue: { storage: "file_storage", wait_for_result: true } })).toEqual([
      "sending_queue.wait_for_result: cannot be used with storage: a call waits until the disk has it",
    ]);
    expect(issues({ sending_queue: { storage: "file_storage", enabled: false } })).toEqual([
      "sending_queue.storage: needs the queue: remove `enabled: false`",
    ]);
  });

  it("says what a size looks like", () => {
    expect(issues({ sending_queue: { queue_size: "much" } })).toEqual([
      'sending_queue.queue_size: expected a whole number, or a size with a unit such as "64MiB"',
    ]);
  });
});

describe("dead_letters", () => {
  const dead_letters = { storage: "file_storage" };

  it.each([
    [{ enabled: false }, "enabled"],
    [{ wait_for_result: true }, "wait_for_result"],
  ])("do not go with %j", (sending_queue, key) => {
    expect(issues({ sending_queue })).toEqual([]);
    expect(issues({ sending_queue, dead_letters })).toEqual([
      `sending_queue.${key}: cannot be used with dead_letters: a caller that waits for the destination has its data back`,
    ]);
  });

  it("go with a queue that answers at once", () => {
    expect(issues({ dead_letters })).toEqual([]);
  });
});

describe("sending_queue.batch", () => {
  it.each([
    [{}, { sizer: "items", min_size: 8192, max_size: 0, flush_timeout: 200 }],
    [{ max_size: 100 }, { sizer: "items", min_size: 100, max_size: 100 }],
    [{ max_size: "1MB" }, { sizer: "bytes", min_size: 512 * 2 ** 10, max_size: 1_000_000 }],
    [
      { min_size: 0, max_size: "1MB" },
      { sizer: "bytes", min_size: 0, max_size: 1_000_000 },
    ],
    [
      { sizer: "bytes", min_size: 10, max_size: "1kB" },
      { sizer: "bytes", min_size: 10, max_size: 1000 },
    ],
  ])("reads %j", (input, expected) => {
    expect(queue({ batch: input }).batch).toMatchObject(expected);
  });

  it("counts what the queue was told to count", () => {
    expect(queue({ sizer: "bytes", batch: {} }).batch?.sizer).toBe("bytes");
    expect(queue({ sizer: "requests", batch: {} }).batch?.sizer).toBe("items");
  });

  it("joins no more by default than the queue holds", () => {
    expect(queue({ sizer: "items", queue_size: 5000, batch: {} }).batch?.min_size).toBe(5000);
  });

  it.each([
    [{ batch: { min_size: 10, max_size: 5 } }, "batch.max_size: must not be smaller than min_size"],
    [{ batch: { sizer: "items", max_size: "1MB" } }, 'batch.max_size: has a unit of bytes, but sizer is "items"'],
    [{ batch: { min_size: 10, max_size: "1MB" } }, 'batch.min_size: needs a unit like the other size: "1MB"'],
    [{ sizer: "items", queue_size: 5, batch: { min_size: 10 } }, "batch.min_size: must not be larger than queue_size"],
  ])("refuses %j", (input, message) => {
    expect(issues({ sending_queue: input })).toEqual([`sending_queue.${message}`]);
  });
});
