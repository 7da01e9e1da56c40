import { PermanentError, RetryableError } from "@dbintel/errors";
import { type Batch, metricsBuilder } from "@dbintel/pdata";
import { createTestHost, FakeClock, settle } from "@dbintel/pipeline/testing";
import { describe, expect, it, onTestFinished } from "vitest";
import { Journals } from "../../test/journals.ts";
import { abortable, Destination, logs, never, type Settings, schema, started } from "../../test/running-delivery.ts";
import { createDelivery } from "../delivery.ts";

const exact = { randomization_factor: 0 };

/** Fails each attempt until it is repaired. */
class Broken extends Destination {
  readonly attemptsMs: number[] = [];
  readonly #clock: FakeClock;
  error: Error | "hang" | undefined = new RetryableError("connect ECONNREFUSED", { hint: "start it" });

  constructor(clock: FakeClock) {
    super();
    this.#clock = clock;
  }

  override async send(batch: Batch): Promise<void> {
    this.attemptsMs.push(this.#clock.monotonicMs());
    if (this.error === "hang") await new Promise(() => {});
    if (this.error instanceof Error) throw this.error;
    await super.send(batch);
  }
}

async function broken(settings: Settings = {}) {
  const host = createTestHost();
  const destination = new Broken(host.clock);
  const config = schema.parse({ retry_on_failure: exact, ...settings });
  const delivery = createDelivery({ id: "otlp_http", host, config, sender: destination });
  await delivery.start({ signal: never });
  const send = async (batch: Parameters<NonNullable<typeof delivery.consumers.logs>["consume"]>[0], signal = never) => {
    await delivery.consumers[batch.signal]?.consume(batch, { signal });
  };
  return { host, destination, delivery, send };
}

describe("a destination that fails for long", () => {
  it("is asked by one request at a time, and gets everything when it works again", async () => {
    const { host, destination, delivery, send } = await broken({
      retry_on_failure: { ...exact, max_elapsed_time: "0s" },
    });
    for (let number = 0; number < 100; number++) await send(logs(1, `${number}-`));
    await host.clock.advance(5000);
    const before = destination.attemptsMs.length;
    expect(before).toBe(11);
    await host.clock.advance(600_000);
    const probes = destination.attemptsMs.slice(before);
    expect(probes.length).toBeGreaterThan(15);
    expect(probes.length).toBeLessThan(25);
    expect(new Set(probes).size).toBe(probes.length);
    destination.error = undefined;
    await host.clock.advance(60_000);
    expect(new Set(destination.taken)).toEqual(new Set(Array.from({ length: 100 }, (_, number) => `${number}-0`)));
    expect(destination.taken).toHaveLength(100);
    expect(delivery.held("logs")).toBe(0);
    await delivery.stop({ signal: never });
    expect(host.clock.pendingTimers).toBe(0);
  });

  it("does not cost each waiting request its own timeout", async () => {
    const { host, destination, delivery, send } = await broken({ timeout: "5s" });
    destination.error = "hang";
    for (let number = 0; number < 100; number++) await send(logs(1));
    await host.clock.advance(120_000);
    // Ten at first, and then one at a time: on their own each of the ten would have tried ten times.
    expect(destination.attemptsMs.length).toBeLessThan(20);
    await delivery.stop({ signal: AbortSignal.abort() });
  });

  it("is told of once when it begins and once when it ends, with what to do", async () => {
    const { host, destination, delivery, send } = await broken();
    for (let number = 0; number < 20; number++) await send(logs(1));
    await host.clock.advance(120_000);
    destination.error = undefined;
    await host.clock.advance(60_000);
    const about = host.lines.filter(({ message }) => message.startsWith("the destination"));
    expect(about.map(({ level, message }) => `${level}: ${message}`)).toEqual([
      "warn: the destination keeps failing: requests wait, and one at a time tries it, at least every 30 s",
      "info: the destination answers again: what waits is sent",
    ]);
    const said = host.statuses.filter((status) => "message" in status && status.message.startsWith("the destination"));
    expect(said).toEqual([
      {
        state: "recoverable_error",
        message: "the destination has failed 11 times in a row: connect ECONNREFUSED",
        hint: "start it; requests wait, and one at a time tries it, at least every 30 s",
      },
    ]);
    expect(host.statuses.at(-1)).toEqual({ state: "ok" });
    await delivery.stop({ signal: never });
  });

  it("is told of ever more rarely while it goes on", async () => {
    const { host, delivery, send } = await broken({ retry_on_failure: { ...exact, max_elapsed_time: "0s" } });
    await send(logs(1));
    await host.clock.advance(3 * 3_600_000);
    // Doubling from half a minute to ten minutes, and then six an hour.
    expect(host.lines.length).toBeGreaterThan(15);
    expect(host.lines.length).toBeLessThan(25);
    await delivery.stop({ signal: AbortSignal.abort() });
  });

  it("is told to work again, once nothing has failed for a while, where it was a single failure", async () => {
    const { host, destination, delivery, send } = await broken();
    let before = 0;
    const told = () => {
      const lines = host.lines.slice(before).map(({ level, message }) => `${level}: ${message}`);
      before = host.lines.length;
      return lines;
    };
    for (let time = 0; time < 2; time++) {
      destination.error = new RetryableError("answered 503");
      await send(logs(1));
      await host.clock.advance(1);
      destination.error = undefined;
      await host.clock.advance(10_000);
      // What fails now and then beside what succeeds says nothing new.
      expect(told()).toEqual(["warn: sending failed; trying again"]);
      await host.clock.advance(50_000);
      await send(logs(1));
      await host.clock.advance(1000);
      expect(told()).toEqual(["info: sending works again"]);
    }
    await delivery.stop({ signal: never });
  });

  it("keeps no request in memory for longer than max_elapsed_time, whether it was tried or not", async () => {
    const { host, destination, delivery, send } = await broken({
      retry_on_failure: { ...exact, max_elapsed_time: "60s" },
      sending_queue: { num_consumers: 10 },
    });
    for (let number = 0; number < 20; number++) await send(logs(1));
    await host.clock.advance(59_000);
    expect(host.accounting.of("logs").dropped.size).toBe(0);
    await host.clock.advance(2000);
    expect(Object.fromEntries(host.accounting.of("logs").dropped)).toEqual({ retries_exhausted: 10 });
    await host.clock.advance(60_000);
    expect(Object.fromEntries(host.accounting.of("logs").dropped)).toEqual({ retries_exhausted: 20 });
    expect(delivery.held("logs")).toBe(0);
    expect(destination.taken).toEqual([]);
    await delivery.stop({ signal: never });
  });

  it("loses nothing that is on disk", async () => {
    const journals = await Journals.make();
    onTestFinished(() => journals[Symbol.asyncDispose]());
    const clock = new FakeClock();
    const host = createTestHost({ clock, extensions: new Map([["file_storage", journals]]) });
    const destination = new Broken(clock);
    const config = schema.parse({ sending_queue: { storage: "file_storage" } });
    const delivery = createDelivery({ id: "otlp_http", host, config, sender: destination });
    await delivery.start({ signal: never });
    for (let number = 0; number < 30; number++) {
      await delivery.consumers.logs?.consume(logs(1, `${number}-`), { signal: never });
    }
    await clock.advance(1_800_000);
    destination.error = undefined;
    // Reading from disk takes turns of the event loop and no time on the clock.
    while (destination.taken.length < 30) await clock.advance(100);
    expect(new Set(destination.taken).size).toBe(30);
    expect(host.accounting.of("logs").dropped.size).toBe(0);
    await delivery.stop({ signal: never });
  });

  it("fails a caller at once that neither queue nor retry keeps, so that it can turn to another destination", async () => {
    const sending_queue = { enabled: false };
    const { host, destination, send } = await broken({ retry_on_failure: { enabled: false }, sending_queue });
    for (let number = 0; number < 5; number++) {
      await expect(send(logs(1))).rejects.toMatchObject({ message: "connect ECONNREFUSED" });
      await host.clock.advance(1500);
    }
    const attempts = destination.attemptsMs.length;
    await expect(send(logs(1))).rejects.toMatchObject({
      kind: "retryable",
      message: "the destination has failed 5 times in a row: connect ECONNREFUSED",
      hint: "start it",
    });
    expect(destination.attemptsMs).toHaveLength(attempts);
    destination.error = undefined;
    await host.clock.advance(30_000);
    await send(logs(1));
    await send(logs(1));
    expect(destination.taken).toHaveLength(2);
  });

  it("works when it says that data is bad", async () => {
    const bad = new PermanentError("malformed", { httpStatus: 400 });
    const { host, destination, delivery, send } = await broken();
    destination.error = bad;
    for (let number = 0; number < 20; number++) await send(logs(1));
    await host.clock.advance(10_000);
    expect(Object.fromEntries(host.accounting.of("logs").dropped)).toEqual({ rejected: 20 });
    expect(host.lines.filter(({ message }) => message.startsWith("the destination"))).toEqual([]);
    await delivery.stop({ signal: never });
  });

  it("lets a caller go that waits for it and leaves", async () => {
    const { host, send, delivery } = await broken({ sending_queue: { enabled: false } });
    const first = Array.from({ length: 5 }, () => send(logs(1)).catch(() => {}));
    await host.clock.advance(6000);
    const { signal, abort } = abortable();
    const call = expect(send(logs(1), signal)).rejects.toMatchObject({ code: "DBI_ABORTED" });
    await settle();
    abort();
    await call;
    await delivery.stop({ signal: AbortSignal.abort() });
    await Promise.all(first);
    expect(host.clock.pendingTimers).toBe(0);
  });
});

describe("Retry-After", () => {
  it("holds for all requests of all signals", async () => {
    const throttled = new RetryableError("slow down", { httpStatus: 429, delayMs: 20_000 });
    const destination = new Destination(throttled);
    const { host, delivery, send, stop } = await started(destination, { retry_on_failure: exact });
    await send(logs(1, "a"));
    await settle();
    const metrics = metricsBuilder().resource({ attributes: {} }).scope({ name: "test" });
    metrics.gauge({ name: "m" }, [{ timeUnixNano: 1n, value: 1 }]);
    await delivery.consumers.metrics?.consume(metrics.build(), { signal: never });
    await send(logs(1, "b"));
    await host.clock.advance(19_999);
    expect(destination.attempts).toHaveLength(1);
    await host.clock.advance(1);
    expect(destination.attempts.map(({ signal }) => signal).toSorted()).toEqual(["logs", "logs", "logs", "metrics"]);
    await stop();
  });
});
