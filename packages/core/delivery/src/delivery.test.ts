import { getEventListeners } from "node:events";
import { PartialError, PermanentError, RetryableError } from "@dbintel/errors";
import { logsBuilder } from "@dbintel/pdata";
import { createTestHost, settle } from "@dbintel/pipeline/testing";
import { describe, expect, it } from "vitest";
import { readQueue } from "../test/read-queue.ts";
import { abortable, Destination, logs, never, type Settings, schema, started } from "../test/running-delivery.ts";
import { createDelivery } from "./delivery.ts";

describe("createDelivery with a queue", () => {
  it("answers when the batch is queued and sends it then", async () => {
    const destination = new Destination("hang");
    const { send, account } = await started(destination);
    await send(logs(3));
    expect(account()).toEqual({ sent: 0, dropped: {}, held: 3 });
    await settle();
    expect(destination.attempts).toHaveLength(1);
  });

  it("counts what was sent", async () => {
    const destination = new Destination();
    const { send, account, stop } = await started(destination);
    await send(logs(3));
    await stop();
    expect(account()).toEqual({ sent: 3, dropped: {}, held: 0 });
    expect(destination.taken).toEqual(["r0", "r1", "r2"]);
  });

  it("sends nothing for a batch without items", async () => {
    const destination = new Destination();
    const { send, stop } = await started(destination);
    await send(logs(0));
    await stop();
    expect(destination.attempts).toEqual([]);
  });

  it("tries again and counts one delivery", async () => {
    const destination = new Destination(new RetryableError("busy"), "hang");
    const { host, send, account, stop } = await started(destination, { timeout: "2s" });
    await send(logs(2));
    await host.clock.advance(60_000);
    expect(destination.attempts).toHaveLength(3);
    await stop();
    expect(account()).toEqual({ sent: 2, dropped: {}, held: 0 });
  });

  it("refuses what does not fit and keeps what it has", async () => {
    const batch = logs(10);
    const settings: Settings = { sending_queue: { sizer: "bytes", queue_size: batch.byteSize } };
    const { send, account } = await started(new Destination("hang"), settings);
    await send(batch);
    await expect(send(logs(1))).rejects.toMatchObject({ kind: "refused", code: "DBI_QUEUE_FULL", delayMs: 1000 });
    expect(account()).toEqual({ sent: 0, dropped: {}, held: 10 });
  });

  it("waits for room when told to", async () => {
    const destination = new Destination(new RetryableError("busy"));
    const settings: Settings = { sending_queue: { queue_size: 1, block_on_overflow: true } };
    const { host, send, account } = await started(destination, settings);
    await send(logs(1, "a"));
    const second = send(logs(1, "b"));
    await settle();
    expect(destination.taken).toEqual([]);
    await host.clock.advance(10_000);
    await second;
    await settle();
    expect(destination.taken).toEqual(["a0", "b0"]);
    expect(account().held).toBe(0);
  });

  it("sends at most num_consumers requests at a time", async () => {
    const destination = new Destination("hang", "hang", "hang");
    const { send } = await started(destination, { timeout: "0s", sending_queue: { num_consumers: 2 } });
    for (const prefix of ["a", "b", "c"]) await send(logs(1, prefix));
    await settle();
    expect(destination.attempts).toHaveLength(2);
  });

  it("keeps nothing of what was dropped from a batch before", async () => {
    const destination = new Destination();
    const { send, stop } = await started(destination);
    const batch = logs(3);
    const records = batch.records();
    records.advance();
    records.drop("filtered");
    await send(batch);
    await stop();
    expect(destination.taken).toEqual(["r1", "r2"]);
    expect(destination.attempts.map(({ edited }) => edited)).toEqual([false]);
  });

  it("lets no signal wait for another", async () => {
    const destination = new Destination("hang");
    const { delivery, send } = await started(destination, { sending_queue: { num_consumers: 1, queue_size: 1 } });
    await send(logs(1));
    expect(delivery.held("logs")).toBe(1);
    expect(delivery.held("traces")).toBe(0);
  });
});

describe("drops", () => {
  it("counts and logs what is rejected for good", async () => {
    const error = new PermanentError("bad data", { httpStatus: 400 });
    const { host, send, account, stop } = await started(new Destination(error));
    await send(logs(3));
    await stop();
    expect(account()).toEqual({ sent: 0, dropped: { rejected: 3 }, held: 0 });
    expect(host.lines).toEqual([
      {
        level: "error",
        fields: { "otelcol.signal": "logs", reason: "rejected", items: 3, error },
        message: "data dropped",
      },
    ]);
  });

  it("logs a flood of drops as a few lines with sums", async () => {
    const answers = Array.from({ length: 50 }, () => new PermanentError("bad data"));
    const { host, send, stop } = await started(new Destination(...answers));
    for (let index = 0; index < 50; index++) await send(logs(2));
    await stop();
    const items = host.lines.map(({ fields }) => fields.items);
    expect(items).toEqual([2, 98]);
  });

  it("counts what a partial success rejected", async () => {
    const { send, account, stop } = await started(new Destination(new PartialError("2 bad", { rejected: 2 })));
    await send(logs(5));
    await stop();
    expect(account()).toEqual({ sent: 3, dropped: { rejected: 2 }, held: 0 });
  });

  it("believes no destination that rejects more than it was sent", async () => {
    const { send, account, stop } = await started(new Destination(new PartialError("all", { rejected: 99 })));
    await send(logs(5));
    await stop();
    expect(account()).toEqual({ sent: 0, dropped: { rejected: 5 }, held: 0 });
  });

  it("gives up after max_elapsed_time", async () => {
    const answers = Array.from({ length: 99 }, () => new RetryableError("busy"));
    const { host, send, account } = await started(new Destination(...answers));
    await send(logs(5));
    await host.clock.advance(301_000);
    expect(account()).toEqual({ sent: 0, dropped: { retries_exhausted: 5 }, held: 0 });
    expect(host.clock.pendingTimers).toBe(0);
  });
});

describe("a request that is too large", () => {
  it("is halved until the destination takes it, in order", async () => {
    const destination = new Destination();
    destination.limit = logs(3, "r", 100).byteSize;
    const { host, send, account, stop } = await started(destination);
    await send(logs(8, "r", 100));
    await stop();
    expect(account()).toEqual({ sent: 8, dropped: {}, held: 0 });
    expect(destination.taken).toEqual(["r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7"]);
    expect(destination.attempts.map(({ count }) => count)).toEqual([8, 4, 2, 2, 4, 2, 2]);
    expect(host.lines.map(({ message }) => message)).toEqual([
      "a request was too large for the destination; sending its halves. Set sending_queue.batch.max_size to its limit",
    ]);
  });

  it("loses only the item that is too large on its own", async () => {
    const destination = new Destination();
    destination.limit = logs(2, "r", 100).byteSize;
    const { host, send, account, stop } = await started(destination);
    const builder = logsBuilder().resource({ attributes: {} }).scope({ name: "test" });
    builder
      .record({ body: "a" })
      .record({ body: "x".repeat(1000) })
      .record({ body: "b" });
    await send(builder.build());
    await stop();
    expect(account()).toEqual({ sent: 2, dropped: { too_large: 1 }, held: 0 });
    expect(destination.taken).toEqual(["a", "b"]);
    expect(host.lines.filter(({ message }) => message === "data dropped")).toHaveLength(1);
  });
});

describe("batching", () => {
  it("joins small batches up to min_size", async () => {
    const destination = new Destination();
    const { send, account } = await started(destination, { sending_queue: { batch: { min_size: 4 } } });
    for (const prefix of ["a", "b", "c", "d"]) await send(logs(2, prefix));
    await settle();
    expect(destination.attempts.map(({ count }) => count)).toEqual([4, 4]);
    expect(destination.taken).toEqual(["a0", "a1", "b0", "b1", "c0", "c1", "d0", "d1"]);
    expect(account().sent).toBe(8);
  });

  it("sends a small batch after flush_timeout", async () => {
    const destination = new Destination();
    const { host, send } = await started(destination, { sending_queue: { batch: { flush_timeout: "300ms" } } });
    await send(logs(2));
    await host.clock.advance(299);
    expect(destination.attempts).toEqual([]);
    await host.clock.advance(1);
    expect(destination.taken).toEqual(["r0", "r1"]);
    expect(host.clock.pendingTimers).toBe(0);
  });

  it("cuts by items and keeps the small rest for the next request", async () => {
    const destination = new Destination();
    const { host, send } = await started(destination, { sending_queue: { batch: { min_size: 3, max_size: 3 } } });
    await send(logs(7, "a"));
    await send(logs(2, "b"));
    await settle();
    expect(destination.attempts.map(({ count }) => count)).toEqual([3, 3, 3]);
    await host.clock.advance(200);
    expect(destination.taken).toEqual(["a0", "a1", "a2", "a3", "a4", "a5", "a6", "b0", "b1"]);
  });

  it("cuts by encoded bytes", async () => {
    const destination = new Destination();
    const batch = { sizer: "bytes", min_size: 0, max_size: 500 } as const;
    const { send, stop } = await started(destination, { sending_queue: { batch } });
    await send(logs(20, "r", 100));
    await stop();
    expect(destination.attempts.every(({ byteSize }) => byteSize <= 500)).toBe(true);
    expect(destination.taken).toHaveLength(20);
  });

  it("does not wait for more while it stops", async () => {
    const destination = new Destination();
    const { send, stop } = await started(destination, { sending_queue: { batch: { flush_timeout: "1h" } } });
    await send(logs(2, "a"));
    await settle();
    await send(logs(2, "b"));
    await stop();
    expect(destination.taken).toEqual(["a0", "a1", "b0", "b1"]);
    expect(destination.attempts).toHaveLength(1);
  });
});

describe("a call that waits for the result", () => {
  const waiting: Settings = { sending_queue: { wait_for_result: true } };
  const direct: Settings = { sending_queue: { enabled: false } };

  it.each([
    ["in the queue", waiting],
    ["without a queue", direct],
  ])("%s resolves when the destination has taken the data", async (_, settings) => {
    const destination = new Destination(new RetryableError("busy"));
    const { host, send, account } = await started(destination, settings);
    let answered = false;
    const call = send(logs(2)).then(() => {
      answered = true;
    });
    await settle();
    expect(answered).toBe(false);
    expect(account().held).toBe(2);
    await host.clock.advance(60_000);
    await call;
    expect(account()).toEqual({ sent: 2, dropped: {}, held: 0 });
  });

  it.each([
    ["in the queue", waiting],
    ["without a queue", direct],
  ])("%s gets its data back when nothing was taken", async (_, settings) => {
    const error = new PermanentError("bad data");
    const { host, send, account } = await started(new Destination(error), settings);
    await expect(send(logs(2))).rejects.toBe(error);
    // Neither sent nor dropped: the edge of the pipeline counts what is given back.
    expect(account()).toEqual({ sent: 0, dropped: {}, held: 0 });
    expect(host.lines).toEqual([]);
  });

  it.each([
    ["in the queue", waiting],
    ["without a queue", direct],
  ])("%s learns how much of its data was rejected", async (_, settings) => {
    const { send, account } = await started(new Destination(new PartialError("1 bad", { rejected: 1 })), settings);
    await expect(send(logs(3))).rejects.toMatchObject({ kind: "partial", rejected: 1 });
    expect(account()).toEqual({ sent: 2, dropped: {}, held: 0 });
  });

  it("gets no data back of which a part was taken", async () => {
    const tooLarge = new PermanentError("too large", { httpStatus: 413 });
    const destination = new Destination(tooLarge, "take", new PermanentError("bad data"));
    const { send, account } = await started(destination, waiting);
    await expect(send(logs(5))).rejects.toMatchObject({ kind: "partial", rejected: 2, message: /2 of 5 .* bad data/ });
    expect(account()).toEqual({ sent: 3, dropped: {}, held: 0 });
  });

  it("shares the rejected items of a joined request among the calls", async () => {
    const destination = new Destination(new PartialError("3 bad", { rejected: 3 }));
    const settings: Settings = { sending_queue: { wait_for_result: true, batch: { min_size: 6 } } };
    const { send, account } = await started(destination, settings);
    const calls = await Promise.allSettled([send(logs(2)), send(logs(2)), send(logs(2))]);
    expect(calls.map(({ status }) => status)).toEqual(["rejected", "rejected", "fulfilled"]);
    expect(calls.map((call) => (call.status === "rejected" ? call.reason.rejected : 0))).toEqual([2, 1, 0]);
    expect(account().sent).toBe(3);
  });

  it("takes its batch back from the queue when it leaves", async () => {
    const destination = new Destination("hang");
    const settings: Settings = { timeout: "0s", sending_queue: { wait_for_result: true, num_consumers: 1 } };
    const { send, account } = await started(destination, settings);
    const first = send(logs(1, "a"));
    first.catch(() => {});
    const { signal, abort } = abortable();
    const second = send(logs(2, "b"), signal);
    await settle();
    abort();
    await expect(second).rejects.toMatchObject({ kind: "refused", code: "DBI_ABORTED" });
    expect(account()).toEqual({ sent: 0, dropped: {}, held: 1 });
  });

  it("ends the attempt of a caller that leaves, without a queue", async () => {
    const { signal, abort } = abortable();
    const { send, account } = await started(new Destination("hang"), direct);
    const call = send(logs(1), signal);
    await settle();
    abort();
    await expect(call).rejects.toMatchObject({ kind: "retryable", code: "DBI_ABORTED" });
    expect(account()).toEqual({ sent: 0, dropped: {}, held: 0 });
  });
});

describe("the signal of a caller", () => {
  it.each([
    ["that waits for room", { queue_size: 1, block_on_overflow: true }],
    ["that waits for the result", { wait_for_result: true }],
    ["without a queue", { enabled: false }],
  ])("%s has no listeners when its calls are answered", async (_, sending_queue) => {
    const { send, stop } = await started(new Destination(), { sending_queue });
    const { signal } = abortable();
    await Promise.all(Array.from({ length: 20 }, () => send(logs(1), signal)));
    await stop(signal);
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });
});

describe("status", () => {
  it("follows the destination", async () => {
    const wrongKey = new PermanentError("answered 403", { httpStatus: 403, hint: "check the key" });
    const destination = new Destination(wrongKey, new RetryableError("busy"));
    const { host, send } = await started(destination, { sending_queue: { num_consumers: 1 } });
    await send(logs(1));
    await send(logs(1));
    await host.clock.advance(60_000);
    expect(host.statuses).toEqual([
      { state: "permanent_error", message: "answered 403", hint: "check the key" },
      { state: "recoverable_error", message: "busy", hint: undefined },
      { state: "ok" },
    ]);
  });
});

describe("metrics", () => {
  it("offer size and capacity of a queue that is in use", async () => {
    const { host, read } = readQueue(createTestHost());
    const config = schema.parse({ sending_queue: { sizer: "items", queue_size: 10 } });
    const delivery = createDelivery({ id: "otlp_http/a", host, config, sender: new Destination("hang") });
    await delivery.start({ signal: never });
    expect(read().labels).toEqual([]);
    await delivery.consumers.logs?.consume(logs(3), { signal: never });
    const labels = { exporter: "otlp_http/a", data_type: "logs" };
    expect(read()).toEqual({ current: 3, capacity: 10, labels: [labels, labels] });
    await delivery.stop({ signal: AbortSignal.abort() });
    expect(read().labels).toEqual([]);
  });
});
