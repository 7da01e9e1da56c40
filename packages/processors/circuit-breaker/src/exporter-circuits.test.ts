import { PermanentError, RetryableError } from "@dbintel/errors";
import { feedback } from "@dbintel/feedback";
import { createTestHost, type TestHost } from "@dbintel/pipeline/testing";
import { describe, expect, it } from "vitest";
import { context, records, running } from "../test/running.ts";
import { ErrorKinds } from "./error-kind.ts";

const exporters = { ids: ["otlp_http/a"] };
const quota = () => new RetryableError("monthly quota exceeded for account 1");

function fail(host: TestHost, exporter: string, error: RetryableError | PermanentError, times = 1): void {
  for (let time = 0; time < times; time++) host.shared(feedback).exporterFailed({ exporter, error });
}

describe("the limit that an exporter has met", () => {
  const kinds = new ErrorKinds(["cardinality", "unique time series", "rate limit", "quota exceeded", "api-key"]);

  it.each([
    ["Unique-Time-Series limit reached", undefined, "cardinality"],
    ["metric cardinality violation", undefined, "cardinality"],
    ["Rate limit exceeded", undefined, "rate_limit"],
    ["Data quota exceeded", undefined, "quota"],
    ["quota exceeded", 429, "quota"],
    ["bad API key", undefined, "api_key"],
    ["Throttle (29s)", 429, "rate_limit"],
    ["Forbidden", 403, "api_key"],
    ["connection refused", undefined, undefined],
    ["internal error", 500, undefined],
  ])("of %j with status %s is %s", (message, httpStatus, kind) => {
    expect(kinds.of(new RetryableError(message, httpStatus === undefined ? {} : { httpStatus }))).toBe(kind);
  });
});

describe("the breaker of an exporter's account", () => {
  it("gives batches back to their senders until the account has room, probing with one batch at a time", async () => {
    const { part, host, clock, sink, events, stop } = await running({ settings: { exporters } });
    fail(host, "otlp_http/a", quota());
    await expect(part.consume(records("shop", 3), context)).rejects.toMatchObject({
      kind: "retryable",
      delayMs: 5000,
      message: "the account of exporter otlp_http/a is limited (quota)",
    });
    expect(sink.items).toBe(0);
    await clock.advance(5000);
    const open = sink.block();
    const probe = part.consume(records("shop", 1), context);
    await expect(part.consume(records("shop", 1), context)).rejects.toMatchObject({ kind: "retryable" });
    open();
    await probe;
    for (let batch = 0; batch < 4; batch++) await part.consume(records("shop", 1), context);
    await clock.advance(1000);
    const changes = events().map((event) => [event["db.circuit.to"], event["db.circuit.reason"]]);
    expect(changes).toEqual([
      ["open", "quota"],
      ["half_open", "delay_over"],
      ["closed", "recovered"],
    ]);
    expect(events()[0]).toMatchObject({
      "db.circuit.kind": "exporter",
      "db.circuit.exporter": "otlp_http/a",
      "db.circuit.evidence.limit": "quota",
    });
    await stop();
  });

  it("opens by a rate limit only when that is said again and again, and for as long as was asked", async () => {
    const { part, host, clock, stop } = await running({ settings: { exporters } });
    const busy = new RetryableError("Throttle (29s)", { httpStatus: 429, delayMs: 29_000 });
    fail(host, "otlp_http/a", busy, 4);
    await clock.advance(60_000);
    fail(host, "otlp_http/a", busy, 4);
    await part.consume(records("shop", 1), context);
    fail(host, "otlp_http/a", busy);
    await expect(part.consume(records("shop", 1), context)).rejects.toMatchObject({ delayMs: 29_000 });
    await clock.advance(29_000);
    await part.consume(records("shop", 1), context);
    fail(host, "otlp_http/a", busy);
    await expect(part.consume(records("shop", 1), context)).rejects.toMatchObject({ delayMs: 29_000 });
    await stop();
  });

  it("concerns no other exporter's data, and comes back by time where no data probes it", async () => {
    const { part, host, clock, sink, events, stop } = await running({ settings: { exporters } });
    fail(host, "otlp_http/b", new PermanentError("Forbidden", { httpStatus: 403 }));
    await part.consume(records("shop", 3), context);
    expect(sink.items).toBe(3);
    await clock.advance(299_000);
    expect(events()).toMatchObject([{ "db.circuit.to": "open", "db.circuit.exporter": "otlp_http/b" }]);
    await clock.advance(10_000);
    expect(events().map((event) => event["db.circuit.to"])).toEqual(["open", "half_open", "closed"]);
    await stop();
  });

  it("drops, with a reason, or passes, if so told", async () => {
    const dropping = await running({ settings: { exporters: { ...exporters, on_quota: "drop" } } });
    fail(dropping.host, "otlp_http/a", quota());
    expect(await dropping.send(records("shop", 3))).toEqual({ exporter_quota: 3 });
    await dropping.stop();
    const passing = await running({ settings: { exporters: { ...exporters, on_quota: "pass" } } });
    fail(passing.host, "otlp_http/a", quota());
    expect(await passing.send(records("shop", 3))).toEqual({});
    await passing.stop();
  });

  it("takes cardinality for a matter of metrics", async () => {
    const settings = { exporters: { ...exporters, on_cardinality: "drop" as const } };
    const host = createTestHost();
    const { send, stop } = await running({ settings, host });
    fail(host, "otlp_http/a", new PermanentError("too many unique time series"));
    expect(await send(records("shop", 3))).toEqual({});
    await stop();
  });

  it("does nothing but tell while the mode is metrics_only", async () => {
    const { send, host, clock, events, stop } = await running({ settings: { exporters, mode: "metrics_only" } });
    fail(host, "otlp_http/a", quota());
    expect(await send(records("shop", 3))).toEqual({});
    await clock.advance(1000);
    expect(events()).toMatchObject([{ "db.circuit.to": "open" }]);
    await stop();
  });

  it("is remembered over a restart, and announced before it", async () => {
    const before = await running({ settings: { exporters } });
    fail(before.host, "otlp_http/a", quota());
    await before.stop();
    expect(before.events()).toMatchObject([{ "db.circuit.to": "open" }]);
    const after = await running({
      settings: { exporters },
      host: createTestHost({ storage: before.host.storage }),
    });
    await expect(after.part.consume(records("shop", 1), context)).rejects.toMatchObject({ kind: "retryable" });
    await after.stop();
  });
});
