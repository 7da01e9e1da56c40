import { PermanentError, RetryableError } from "@dbintel/errors";
import { type Batch, type Logs, logsBuilder } from "@dbintel/pdata";
import { createTestHost, FakeClock, settle } from "@dbintel/pipeline/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { Journals } from "../../test/journals.ts";
import { createDelivery } from "../delivery.ts";
import { deliverySettings } from "../settings.ts";

const never = new AbortController().signal;
const schema = z.strictObject(deliverySettings());
type QueueInput = NonNullable<z.input<typeof schema>["sending_queue"]>;
type RetryInput = NonNullable<z.input<typeof schema>["retry_on_failure"]>;

/** Bodies `prefix`0, `prefix`1, … */
function logs(count: number, prefix: string): Logs {
  const builder = logsBuilder().resource({ attributes: {} }).scope({ name: "test" });
  for (let index = 0; index < count; index++) builder.record({ body: `${prefix}${index}` });
  return builder.build();
}

function bodies(batch: Batch): string[] {
  const texts: string[] = [];
  if (batch.signal === "logs") for (const { body } of batch.records()) texts.push(String(body));
  return texts;
}

let journals: Journals;
beforeEach(async () => {
  journals = await Journals.make();
});
afterEach(() => journals[Symbol.asyncDispose]());

/** A life of an exporter; what it sends goes to `send`, which takes everything unless it throws. */
async function life(args: {
  readonly send?: (texts: readonly string[]) => void | Promise<void>;
  readonly queue?: QueueInput;
  readonly retry?: RetryInput;
  readonly clock?: FakeClock;
}) {
  const clock = args.clock ?? new FakeClock();
  const host = createTestHost({ clock, extensions: new Map([["file_storage", journals]]) });
  const taken: string[] = [];
  const sender = {
    async send(batch: Batch): Promise<void> {
      const texts = bodies(batch);
      await args.send?.(texts);
      taken.push(...texts);
    },
  };
  const sending_queue = { storage: "file_storage", ...args.queue };
  const config = schema.parse({ timeout: "0s", sending_queue, retry_on_failure: args.retry });
  const delivery = createDelivery({ id: "otlp_http", host, config, sender });
  await delivery.start({ signal: never });
  return {
    host,
    clock,
    taken,
    start: () => delivery.start({ signal: never }),
    stop: (signal = never) => delivery.stop({ signal }),
    send: async (batch: Logs, signal = never) => delivery.consumers.logs?.consume(batch, { signal }),
    account: () => {
      const { received, sent, dropped } = host.accounting.of("logs");
      return { received, sent, dropped: Object.fromEntries(dropped), held: delivery.held("logs") };
    },
    /** Waits for what the disk and the senders still have to do; the clock stands still. */
    until: async (done: () => boolean) => {
      while (!done()) await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

const down = () => {
  throw new RetryableError("away");
};

describe("a queue on disk", () => {
  it("delivers, and leaves nothing for the next run", async () => {
    const first = await life({});
    await first.send(logs(3, "a"));
    await first.until(() => first.taken.length === 3);
    await first.stop();
    expect(first.account()).toEqual({ received: 0, sent: 3, dropped: {}, held: 0 });
    const second = await life({});
    expect(second.account()).toEqual({ received: 0, sent: 0, dropped: {}, held: 0 });
    await second.stop();
  });

  it("keeps what was not delivered when it is stopped, says so, and sends it in the next run", async () => {
    const first = await life({ send: down });
    await first.send(logs(3, "a"));
    await first.send(logs(2, "b"));
    await first.stop();
    expect(first.account()).toEqual({ received: 0, sent: 0, dropped: {}, held: 5 });
    expect(first.host.lines.at(-1)).toMatchObject({ level: "info", fields: { items: 5 } });

    const second = await life({});
    expect(second.account()).toMatchObject({ received: 5 });
    await second.until(() => second.taken.length === 5);
    await second.stop();
    expect(second.account()).toEqual({ received: 5, sent: 5, dropped: {}, held: 0 });
    expect(second.taken.toSorted()).toEqual(["a0", "a1", "a2", "b0", "b1"]);
  });

  it("does not count again what an exporter with other settings takes over in the same process", async () => {
    const first = await life({ send: down });
    await first.send(logs(3, "a"));
    await first.stop();
    await first.start();
    expect(first.account()).toEqual({ received: 0, sent: 0, dropped: {}, held: 3 });
    await first.stop();
    expect(first.account().held).toBe(3);
  });

  it("ends an attempt at the deadline and keeps its data", async () => {
    const first = await life({ send: () => new Promise<void>(() => {}) });
    await first.send(logs(2, "a"));
    await settle();
    await first.stop(AbortSignal.abort());
    expect(first.account()).toEqual({ received: 0, sent: 0, dropped: {}, held: 2 });
    const second = await life({});
    await second.until(() => second.taken.length === 2);
    await second.stop();
  });

  it("lets an attempt that is under way come to its end when it is stopped", async () => {
    const gate = Promise.withResolvers<void>();
    const first = await life({ send: () => gate.promise });
    await first.send(logs(2, "a"));
    const stopping = first.stop();
    await settle();
    gate.resolve();
    await stopping;
    expect(first.account()).toMatchObject({ sent: 2, held: 0 });
  });

  it("lets a request make room for others when its retries are exhausted, and gives nothing up", async () => {
    let attempts = 0;
    const poison = (texts: readonly string[]) => {
      attempts++;
      if (texts.includes("poison0")) throw new RetryableError("not this one");
    };
    const { send, clock, taken, account, until, stop } = await life({
      send: poison,
      queue: { num_consumers: 1 },
      retry: { max_elapsed_time: "60s" },
    });
    await send(logs(1, "poison"));
    await send(logs(1, "good"));
    for (let turn = 0; taken.length === 0 && turn < 100; turn++) {
      await clock.advance(30_000);
      await until(() => clock.pendingTimers > 0 || taken.length > 0);
    }
    expect(taken).toEqual(["good0"]);
    expect(attempts).toBeGreaterThan(2);
    await stop();
    expect(account()).toEqual({ received: 0, sent: 1, dropped: {}, held: 1 });
  });

  it("gives up what is older than max_age, in the next run too, and counts it", async () => {
    const clock = new FakeClock();
    const first = await life({ send: down, clock });
    await first.send(logs(3, "old"));
    await first.stop();
    const later = new FakeClock(clock.unixNano() + 49n * 3_600_000_000_000n);
    const second = await life({ clock: later });
    await second.send(logs(1, "new"));
    await second.until(() => second.taken.length === 1 && second.account().held === 0);
    expect(second.account()).toEqual({ received: 3, sent: 1, dropped: { expired: 3 }, held: 0 });
    await second.stop();
  });

  it("makes room by what is too old when nothing can be sent", async () => {
    const { send, clock, account, stop, until } = await life({
      send: () => new Promise<void>(() => {}),
      queue: { queue_size: 2, num_consumers: 1, max_age: "1h" },
    });
    await send(logs(1, "with the sender"));
    await until(() => account().held === 1);
    await send(logs(1, "old"));
    await expect(send(logs(1, "too much"))).rejects.toMatchObject({ kind: "refused", code: "DBI_QUEUE_FULL" });
    await clock.advance(3_700_000);
    await expect(send(logs(1, "too early"))).rejects.toMatchObject({ code: "DBI_QUEUE_FULL" });
    await settle();
    await send(logs(1, "new"));
    expect(account()).toMatchObject({ dropped: { expired: 1 }, held: 2 });
    await stop(AbortSignal.abort());
  });

  it("sends again only what was not taken of a batch that was cut", async () => {
    let open = true;
    const first = await life({
      send: () => {
        if (!open) throw new RetryableError("away");
        open = false;
      },
      queue: { num_consumers: 1, batch: { min_size: 0, max_size: 2 } },
    });
    await first.send(logs(5, "a"));
    await first.until(() => first.taken.length === 2);
    await first.stop();
    expect(first.account()).toEqual({ received: 0, sent: 2, dropped: {}, held: 3 });
    const second = await life({});
    await second.until(() => second.taken.length === 3);
    await second.stop();
    expect(second.account()).toEqual({ received: 3, sent: 3, dropped: {}, held: 0 });
    expect([...first.taken, ...second.taken].toSorted()).toEqual(["a0", "a1", "a2", "a3", "a4"]);
  });

  it("joins batches to requests, and gives each back when nobody takes them", async () => {
    const requests: number[] = [];
    const first = await life({
      send: (texts) => {
        requests.push(texts.length);
        throw new RetryableError("away");
      },
      queue: { num_consumers: 1, batch: { min_size: 4, flush_timeout: "1s" } },
    });
    for (const prefix of ["a", "b", "c", "d"]) await first.send(logs(1, prefix));
    await first.until(() => requests.length > 0);
    expect(requests).toEqual([4]);
    await first.stop();
    expect(first.account().held).toBe(4);
  });

  it("keeps the data while the key is wrong, asks now and then, and tells people", async () => {
    let key = "wrong";
    let attempts = 0;
    const { host, send, clock, taken, account, until, stop } = await life({
      send: () => {
        attempts++;
        if (key === "wrong") throw new PermanentError("not authorised", { httpStatus: 401, hint: "check the key" });
      },
      queue: { num_consumers: 1 },
    });
    await send(logs(2, "a"));
    await until(() => attempts === 1);
    await settle();
    expect(attempts).toBe(1);
    expect(host.statuses).toContainEqual({
      state: "permanent_error",
      message: "not authorised",
      hint: "check the key",
    });
    key = "right";
    await until(() => clock.pendingTimers > 0);
    await clock.advance(30_000);
    await until(() => taken.length === 2 && account().held === 0);
    await stop();
    expect(account()).toEqual({ received: 0, sent: 2, dropped: {}, held: 0 });
  });

  it("drops what the destination rejects for good", async () => {
    const { send, account, until, stop } = await life({
      send: () => {
        throw new PermanentError("bad");
      },
    });
    await send(logs(2, "a"));
    await until(() => account().held === 0);
    await stop();
    expect(account()).toEqual({ received: 0, sent: 0, dropped: { rejected: 2 }, held: 0 });
    const second = await life({});
    expect(second.account().received).toBe(0);
    await second.stop();
  });

  it("keeps its bound over a restart, and takes more when there is room", async () => {
    const first = await life({ send: down, queue: { queue_size: 3 } });
    for (const prefix of ["a", "b", "c"]) await first.send(logs(1, prefix));
    await first.stop();
    let open = false;
    const gate = Promise.withResolvers<void>();
    const second = await life({
      queue: { queue_size: 2, block_on_overflow: true },
      send: () => (open ? undefined : gate.promise),
    });
    let answered = false;
    const waiting = second.send(logs(1, "d")).then(() => {
      answered = true;
    });
    await settle();
    expect(answered).toBe(false);
    open = true;
    gate.resolve();
    await waiting;
    await second.until(() => second.taken.length === 4);
    await second.stop();
  });
});

describe("a full disk", () => {
  it("refuses, and takes again when there is room", async () => {
    const { send, account, until, stop } = await life({});
    journals.full = true;
    await expect(send(logs(2, "a"))).rejects.toMatchObject({ kind: "refused", code: "DBI_STORAGE" });
    expect(account()).toEqual({ received: 0, sent: 0, dropped: {}, held: 0 });
    journals.full = false;
    await send(logs(1, "b"));
    await until(() => account().held === 0);
    await stop();
    expect(account()).toMatchObject({ sent: 1 });
  });

  it("is said once by the log and by the status, whatever still goes out, until the disk takes data for a while", async () => {
    let gate = Promise.withResolvers<void>();
    const { host, clock, send, until, taken, stop } = await life({ send: () => gate.promise });
    await send(logs(1, "before"));
    journals.full = true;
    for (let attempt = 0; attempt < 5; attempt++) {
      await expect(send(logs(2, "a"))).rejects.toMatchObject({ code: "DBI_STORAGE" });
    }
    gate.resolve();
    await until(() => taken.length === 1);
    const told = () => host.lines.map(({ level, message }) => `${level} ${message}`);
    const full = "error the queue on disk takes no data: it is given back, and receivers hold it or refuse it";
    expect(told()).toEqual([full]);
    expect(host.statuses.at(-1)).toMatchObject({ state: "recoverable_error", message: "no space left on device" });
    journals.full = false;
    await clock.advance(30_000);
    gate = Promise.withResolvers();
    await send(logs(1, "b"));
    expect(told()).toEqual([full, "info the queue on disk takes data again"]);
    expect(host.statuses.at(-1)).toEqual({ state: "ok" });
    gate.resolve();
    await stop();
  });

  it("costs the batch and is counted, where that is what the settings say", async () => {
    const { send, account, stop } = await life({ queue: { on_storage_failure: "drop" } });
    journals.full = true;
    await send(logs(2, "a"));
    await stop();
    expect(account()).toEqual({ received: 0, sent: 0, dropped: { storage_failed: 2 }, held: 0 });
  });

  it("keeps the rest of a batch that was cut for this run, and all of it for the next", async () => {
    let open = true;
    const first = await life({
      send: () => {
        if (!open) throw new RetryableError("away");
        open = false;
        journals.full = true;
      },
      queue: { num_consumers: 1, batch: { min_size: 0, max_size: 1 } },
    });
    await first.send(logs(2, "a"));
    await first.until(() => first.taken.length === 1);
    await first.stop();
    expect(first.account()).toMatchObject({ sent: 1, held: 1 });
    journals.full = false;
    const second = await life({});
    await second.until(() => second.taken.length === 2);
    await second.stop();
  });
});

it("refuses before it is started, and a storage that does not run", async () => {
  const host = createTestHost();
  const config = schema.parse({ sending_queue: { storage: "file_storage" } });
  const sender = { send: async () => {} };
  expect(() => createDelivery({ id: "x", host, config, sender })).toThrow(
    'sending_queue.storage names the extension "file_storage", which does not run',
  );
  const ready = createTestHost({ extensions: new Map([["file_storage", journals]]) });
  const delivery = createDelivery({ id: "x", host: ready, config, sender });
  await expect(delivery.consumers.logs?.consume(logs(1, "a"), { signal: never })).rejects.toMatchObject({
    kind: "refused",
  });
});
