import { PartialError, PermanentError, RetryableError } from "@dbintel/errors";
import { type Logs, logsBuilder } from "@dbintel/pdata";
import { type Consumer, createPipeline } from "@dbintel/pipeline";
import { createTestHost, FakeClock, Sink, settle } from "@dbintel/pipeline/testing";
import { describe, expect, it } from "vitest";
import { batch } from "./component.ts";

type Settings = NonNullable<Parameters<typeof batch>[0]>;

const waiting = { signal: new AbortController().signal };

function logsOf(count: number, name = "record"): Logs {
  const builder = logsBuilder()
    .resource({ attributes: { "service.name": "shop" } })
    .scope({ name: "test" });
  for (let index = 0; index < count; index++) builder.record({ body: `${name} ${index}` });
  return builder.build();
}

function bodies(logs: Logs): unknown[] {
  return Array.from(logs.records(), ({ body }) => body);
}

/** A batch processor on a fake clock in front of a sink. */
function create(settings: Settings = {}) {
  const host = createTestHost();
  const sink = new Sink<"logs">();
  const { definition, config } = batch(settings);
  const processor = definition.create({ id: "batch", config, host, signal: "logs", next: sink });
  return { host, sink, processor, stop: (signal = waiting.signal) => processor.stop({ signal }) };
}

/** How a call stands: a call that has no answer yet is pending. */
async function stateOf(call: Promise<void>): Promise<unknown> {
  await settle();
  return Promise.race([
    call.then(
      () => "resolved",
      (reason: unknown) => reason,
    ),
    Promise.resolve("pending"),
  ]);
}

describe("gathering", () => {
  it("sends what has gathered as soon as it is enough, in the order in which it came", async () => {
    const { sink, processor } = create({ send_batch_size: 5 });
    const first = processor.consume(logsOf(2, "a"), waiting);
    expect(await stateOf(first)).toBe("pending");
    expect(sink.batches).toHaveLength(0);
    await Promise.all([first, processor.consume(logsOf(3, "b"), waiting)]);
    expect(sink.batches.map(bodies)).toEqual([["a 0", "a 1", "b 0", "b 1", "b 2"]]);
  });

  it("sends what has gathered when the first request has waited for the timeout", async () => {
    const { host, sink, processor } = create({ timeout: "200ms" });
    const first = processor.consume(logsOf(1), waiting);
    await host.clock.advance(150);
    const second = processor.consume(logsOf(1), waiting);
    await host.clock.advance(49);
    expect(sink.batches).toHaveLength(0);
    await host.clock.advance(1);
    await Promise.all([first, second]);
    expect(sink.batches.map(({ count }) => count)).toEqual([2]);
    expect(host.clock.pendingTimers).toBe(0);
  });

  it("starts a new timeout with the first request after a send", async () => {
    const { host, sink, processor } = create({ send_batch_size: 2, timeout: "200ms" });
    const calls = [processor.consume(logsOf(1), waiting)];
    await host.clock.advance(150);
    calls.push(processor.consume(logsOf(1), waiting), processor.consume(logsOf(1), waiting));
    await host.clock.advance(199);
    expect(sink.batches.map(({ count }) => count)).toEqual([2]);
    await host.clock.advance(1);
    expect(sink.batches.map(({ count }) => count)).toEqual([2, 1]);
    await Promise.all(calls);
  });

  it.each([{ timeout: "0s" }, { send_batch_size: 0 }])("passes each request at once with %j", async (settings) => {
    const { host, sink, processor } = create(settings);
    await processor.consume(logsOf(3), waiting);
    await processor.consume(logsOf(2), waiting);
    expect(sink.batches.map(({ count }) => count)).toEqual([3, 2]);
    expect(host.clock.pendingTimers).toBe(0);
  });
});

describe("limits", () => {
  it("joins requests whole: the one that would pass the limit begins the next batch", async () => {
    const { host, sink, processor } = create({ send_batch_size: 5, send_batch_max_size: 5 });
    const calls = [2, 2, 2, 4].map((count) => processor.consume(logsOf(count), waiting));
    await host.clock.advance(200);
    await Promise.all(calls);
    expect(sink.batches.map(({ count }) => count)).toEqual([4, 2, 4]);
  });

  it("splits only a request that is too large on its own, and keeps the order", async () => {
    const { sink, processor } = create({ send_batch_size: 5, send_batch_max_size: 5 });
    const request = logsOf(12);
    await processor.consume(request, waiting);
    expect(sink.batches.map(({ count }) => count)).toEqual([5, 5, 2]);
    expect(sink.batches.flatMap(bodies)).toEqual(bodies(request));
  });

  it("keeps batches below send_batch_max_bytes", async () => {
    const maxBytes = 2000;
    const { host, sink, processor } = create({ send_batch_max_bytes: maxBytes });
    const requests = [20, 30, 200, 20].map((count) => logsOf(count));
    const calls = requests.map((request) => processor.consume(request, waiting));
    await host.clock.advance(200);
    await Promise.all(calls);
    expect(sink.items).toBe(270);
    expect(sink.batches.length).toBeGreaterThan(2);
    for (const sent of sink.batches) expect(sent.byteSize).toBeLessThanOrEqual(maxBytes);
  });

  it("refuses what would pass max_pending_bytes, and takes it when others have their answer", async () => {
    const size = logsOf(10).byteSize;
    const { host, sink, processor } = create({ max_pending_bytes: size * 2, timeout: "200ms" });
    const open = sink.block();
    const calls = [processor.consume(logsOf(10), waiting)];
    await host.clock.advance(200);
    calls.push(processor.consume(logsOf(10), waiting));
    await expect(processor.consume(logsOf(10), waiting)).rejects.toMatchObject({
      kind: "refused",
      code: "DBI_REFUSED",
      delayMs: 200,
    });
    open();
    await host.clock.advance(200);
    await Promise.all(calls);
    const again = processor.consume(logsOf(10), waiting);
    await host.clock.advance(200);
    await again;
    expect(sink.items).toBe(30);
  });

  it("takes a request larger than max_pending_bytes when nothing else is pending", async () => {
    const { sink, processor } = create({ max_pending_bytes: 10, send_batch_size: 5 });
    await processor.consume(logsOf(5), waiting);
    expect(sink.items).toBe(5);
  });
});

describe("the answer", () => {
  it("comes when the next component has taken the batch, not before", async () => {
    const { sink, processor } = create({ send_batch_size: 1 });
    const open = sink.block();
    const call = processor.consume(logsOf(1), waiting);
    expect(await stateOf(call)).toBe("pending");
    open();
    await call;
    expect(sink.items).toBe(1);
  });

  it.each([new RetryableError("away"), new PermanentError("never")])(
    "is the error of the next component for everybody: %s",
    async (error) => {
      const { sink, processor } = create({ send_batch_size: 2 });
      sink.failNext(error);
      const calls = [processor.consume(logsOf(1), waiting), processor.consume(logsOf(1), waiting)];
      await Promise.all(calls.map((call) => expect(call).rejects.toBe(error)));
    },
  );

  it("spreads a partial rejection over the senders in proportion", async () => {
    const { sink, processor } = create({ send_batch_size: 10 });
    sink.failNext(new PartialError("too old", { rejected: 4 }));
    const calls = [2, 7, 1].map((count) => processor.consume(logsOf(count), waiting));
    expect(await Promise.allSettled(calls)).toMatchObject([
      { status: "fulfilled" },
      { status: "rejected", reason: { kind: "partial", rejected: 3, message: "too old" } },
      { status: "rejected", reason: { kind: "partial", rejected: 1, message: "too old" } },
    ]);
  });
});

describe("a sender that leaves", () => {
  it("takes its data along while that is gathering", async () => {
    const { host, sink, processor } = create({ timeout: "200ms" });
    const leaving = new AbortController();
    const left = processor.consume(logsOf(1, "left"), leaving);
    const stayed = processor.consume(logsOf(1, "stayed"), waiting);
    leaving.abort();
    await expect(left).rejects.toMatchObject({ kind: "retryable", code: "DBI_ABORTED" });
    await host.clock.advance(200);
    await stayed;
    expect(sink.batches.map(bodies)).toEqual([["stayed 0"]]);
  });

  it("leaves no timer behind when it was alone", async () => {
    const { host, processor } = create();
    const leaving = new AbortController();
    const left = processor.consume(logsOf(1), leaving);
    leaving.abort();
    await expect(left).rejects.toMatchObject({ code: "DBI_ABORTED" });
    expect(host.clock.pendingTimers).toBe(0);
    await expect(processor.consume(logsOf(1), leaving)).rejects.toMatchObject({ code: "DBI_ABORTED" });
  });

  it("ends a send only together with all others in it", async () => {
    const { definition, config } = batch({ send_batch_size: 2 });
    let seen: AbortSignal | undefined;
    const next = {
      consume: (_logs: Logs, { signal }: { readonly signal: AbortSignal }) => {
        seen = signal;
        return new Promise<void>((_resolve, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason));
        });
      },
    };
    const processor = definition.create({ id: "batch", config, host: createTestHost(), signal: "logs", next });
    const [first, second] = [new AbortController(), new AbortController()];
    const calls = [processor.consume(logsOf(1), first), processor.consume(logsOf(1), second)];
    first.abort();
    expect(seen?.aborted).toBe(false);
    second.abort();
    expect(seen?.aborted).toBe(true);
    await Promise.all(calls.map((call) => expect(call).rejects.toMatchObject({ code: "DBI_ABORTED" })));
  });
});

describe("stop", () => {
  it("sends what has gathered, waits for the answer and refuses what comes later", async () => {
    const { host, sink, processor, stop } = create();
    const call = processor.consume(logsOf(1), waiting);
    await Promise.all([stop(), call]);
    expect(sink.items).toBe(1);
    expect(host.clock.pendingTimers).toBe(0);
    await expect(processor.consume(logsOf(1), waiting)).rejects.toMatchObject({ code: "DBI_SHUTTING_DOWN" });
  });

  it("aborts at the deadline what is under way and tells its senders", async () => {
    const { definition, config } = batch({ send_batch_size: 1 });
    const next = {
      consume: (_logs: Logs, { signal }: { readonly signal: AbortSignal }) =>
        new Promise<void>((_resolve, reject) => {
          signal.addEventListener("abort", () => reject(new RetryableError("cut short", { code: "DBI_ABORTED" })));
        }),
    };
    const processor = definition.create({ id: "batch", config, host: createTestHost(), signal: "logs", next });
    const call = processor.consume(logsOf(1), waiting);
    const deadline = new AbortController();
    const stopped = processor.stop({ signal: deadline.signal });
    expect(await stateOf(stopped)).toBe("pending");
    deadline.abort();
    await stopped;
    await expect(call).rejects.toMatchObject({ code: "DBI_ABORTED" });
  });

  it("can be followed by a new start", async () => {
    const { sink, processor, stop } = create({ send_batch_size: 1 });
    await stop();
    await processor.start(waiting);
    await processor.consume(logsOf(1), waiting);
    expect(sink.items).toBe(1);
  });
});

describe("accounts of a request that is split", () => {
  /** Sends five records in pieces of two; the second piece fails. */
  async function splitWith(error: Error) {
    let pieces = 0;
    const next: Consumer<"logs"> = {
      consume: () => {
        pieces += 1;
        return pieces === 2 ? Promise.reject(error) : Promise.resolve();
      },
    };
    await using pipeline = createPipeline({
      processors: [batch({ timeout: "0s", send_batch_size: 2, send_batch_max_size: 2 })],
      exporter: { logs: next },
      host: { clock: new FakeClock() },
    });
    const outcome = await pipeline.logs.consume(logsOf(5)).catch((reason: unknown) => reason);
    const ledger = pipeline
      .accounting()
      .find(({ kind }) => kind === "processor")
      ?.ledger.of("logs");
    return { outcome, ledger, held: ledger?.held };
  }

  it("balance when a later piece may be sent again: what was taken before will come twice", async () => {
    const { outcome, ledger, held } = await splitWith(new RetryableError("away"));
    expect(outcome).toMatchObject({ kind: "retryable" });
    expect(ledger).toMatchObject({ received: 7, sent: 2, refused: 5 });
    expect(held).toBe(0);
  });

  it("balance when a later piece is rejected for good, and the others are sent", async () => {
    const { outcome, ledger, held } = await splitWith(new PermanentError("never"));
    expect(outcome).toMatchObject({ kind: "partial", rejected: 2 });
    expect(ledger).toMatchObject({ received: 5, sent: 3, refused: 0, dropped: new Map([["rejected", 2]]) });
    expect(held).toBe(0);
  });
});
