import { RetryableError } from "@dbintel/errors";
import { settle } from "@dbintel/pipeline/testing";
import { describe, expect, it } from "vitest";
import { abortable, Destination, logs, never, type Settings, started } from "../test/running-delivery.ts";

describe("stop", () => {
  it("goes on trying until everything is sent", async () => {
    const destination = new Destination(new RetryableError("busy"));
    const { host, send, account, stop } = await started(destination);
    await send(logs(2));
    const stopped = stop();
    await host.clock.advance(10_000);
    await stopped;
    expect(account()).toEqual({ sent: 2, dropped: {}, held: 0 });
  });

  it("refuses new data", async () => {
    const { send, stop } = await started(new Destination());
    await send(logs(1));
    await stop();
    await expect(send(logs(1))).rejects.toMatchObject({ kind: "refused", code: "DBI_SHUTTING_DOWN" });
  });

  it("counts at the deadline what is in flight, waits for an attempt, and waits in the queue", async () => {
    const destination = new Destination("hang", new RetryableError("busy"));
    const settings: Settings = { timeout: "0s", sending_queue: { num_consumers: 2 } };
    const { host, send, account, stop } = await started(destination, settings);
    for (const count of [1, 2, 4, 8]) await send(logs(count));
    await settle();
    const { signal, abort } = abortable();
    const stopped = stop(signal);
    await settle();
    expect(account().held).toBe(15);
    abort();
    await stopped;
    expect(account()).toEqual({ sent: 0, dropped: { shutdown: 15 }, held: 0 });
    expect(destination.attempts).toHaveLength(2);
    expect(host.clock.pendingTimers).toBe(0);
    const lines = host.lines.filter(({ message }) => message === "data dropped");
    expect(lines).toHaveLength(2);
    expect(lines.reduce((sum, { fields }) => sum + Number(fields.items), 0)).toBe(15);
  });

  it("does not wait for anything when its deadline has passed already", async () => {
    const { send, account, stop } = await started(new Destination("hang"), { timeout: "0s" });
    await send(logs(1));
    await stop(AbortSignal.abort());
    expect(account()).toEqual({ sent: 0, dropped: { shutdown: 1 }, held: 0 });
  });

  it("gives the data back to callers that wait for the result", async () => {
    const { signal, abort } = abortable();
    for (const sending_queue of [{ wait_for_result: true }, { enabled: false }]) {
      const { send, account, stop } = await started(new Destination("hang"), { timeout: "0s", sending_queue });
      const call = send(logs(1));
      const refused = expect(call).rejects.toMatchObject({ kind: "refused", code: "DBI_SHUTTING_DOWN" });
      const stopped = stop(signal);
      abort();
      await stopped;
      await refused;
      expect(account()).toEqual({ sent: 0, dropped: {}, held: 0 });
    }
  });

  it("hands what waits to the exporter that takes its place, and counts nothing of that", async () => {
    const down = () => new RetryableError("down");
    const retry = { initial_interval: "10s", randomization_factor: 0 };
    const settings: Settings = { retry_on_failure: retry, sending_queue: { num_consumers: 1 } };
    const old = await started(new Destination(down(), down()), settings);
    await old.send(logs(2, "in flight "));
    await old.send(logs(3, "queued "));
    await settle();
    const destination = new Destination();
    const next = await started(destination);
    await old.delivery.stop({ signal: never, successor: next.delivery.consumers });
    await settle();
    expect(old.account()).toEqual({ sent: 0, dropped: {}, held: 0 });
    expect(next.account()).toEqual({ sent: 5, dropped: {}, held: 0 });
    expect(destination.taken).toEqual(["in flight 0", "in flight 1", "queued 0", "queued 1", "queued 2"]);
  });

  it("waits for room in the exporter that takes its place, until the deadline", async () => {
    const old = await started(new Destination("hang"), {
      sending_queue: { num_consumers: 1, sizer: "items" },
      timeout: "1s",
    });
    for (const name of ["in flight ", "a", "b", "c"]) await old.send(logs(1, name));
    await settle();
    const next = await started(new Destination("hang", "hang"), { sending_queue: { sizer: "items", queue_size: 2 } });
    const { signal, abort } = abortable();
    const stopping = old.delivery.stop({ signal, successor: next.delivery.consumers });
    await old.host.clock.advance(30_000);
    expect(next.delivery.held("logs")).toBe(2);
    abort();
    await stopping;
    expect(old.account()).toEqual({ sent: 0, dropped: { shutdown: 2 }, held: 0 });
    await next.stop(AbortSignal.abort());
  });

  it("can be called again, and start after it", async () => {
    const destination = new Destination();
    const { delivery, send, account, stop } = await started(destination);
    await send(logs(1, "a"));
    await stop();
    await stop();
    await delivery.start({ signal: never });
    await send(logs(1, "b"));
    await stop();
    expect(destination.taken).toEqual(["a0", "b0"]);
    expect(account()).toEqual({ sent: 2, dropped: {}, held: 0 });
  });
});
