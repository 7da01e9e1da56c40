import { eventually } from "@dbintel/e2e/condition";
import { startNewRelic } from "@dbintel/e2e/new-relic";
import { encodeJson, metricsBuilder } from "@dbintel/pdata";
import { createTestHost, FakeClock, settle, type TestHost } from "@dbintel/pipeline/testing";
import { afterEach, describe, expect, it } from "vitest";
import { context, running } from "../test/running.ts";

const minuteMs = 60_000;
const keys = { licenseKey: "license", userKey: "NRAK-user", accountId: 7 };

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

/** A monitor at work, with the last value of each of its metrics by name and labels, or their sum. */
async function measured(settings: object) {
  const values = new Map<string, number>();
  const keyOf = (name: string, labels: object) =>
    [name.replace("otelcol.nrerror.", ""), ...Object.values(labels).slice(1)].join(" ");
  const meter = Object.assign(createTestHost().meter, {
    createCounter: (name: string) => ({
      add: (value: number, labels: object) => {
        values.set(keyOf(name, labels), (values.get(keyOf(name, labels)) ?? 0) + value);
      },
    }),
    createGauge: (name: string) => ({
      record: (value: number, labels: object) => void values.set(keyOf(name, labels), value),
    }),
  });
  // The stand-in for New Relic looks at times with the system's clock.
  const host = createTestHost({ meter, clock: new FakeClock(BigInt(Date.now()) * 1_000_000n) });
  const monitor = await running(settings, { host });
  stops.push(() => monitor.part.stop(context));
  const nonZero = () => Object.fromEntries([...values].filter(([, value]) => value !== 0));
  return { ...monitor, host, values, nonZero };
}

function points(host: TestHost, values: readonly number[]) {
  const timeUnixNano = host.clock.unixNano();
  return metricsBuilder()
    .resource({ attributes: {} })
    .scope({ name: "test" })
    .gauge(
      { name: "m" },
      values.map((value, index) => ({
        timeUnixNano,
        value,
        attributes: { user: `u${index}`, text: "x".repeat(5000) },
      })),
    )
    .build();
}

describe("otelcol.nrerror", () => {
  it("counts breaches by category, action and signal, and those within the window until they are old", async () => {
    const { host, send, nonZero } = await measured({ mode: "fix" });
    await send(points(host, [1, Number.NaN]));
    await host.clock.advance(minuteMs);
    const counted = {
      "breaches value_not_finite dropped metrics": 1,
      "breaches attribute_too_long repaired metrics": 1,
      series: 1,
    };
    expect(nonZero()).toEqual({ ...counted, "potential attribute_too_long": 1, "potential value_not_finite": 1 });
    await host.clock.advance(6 * minuteMs);
    expect(nonZero()).toEqual(counted);
  });

  it("counts what New Relic reports, by category and feature, and what it does not answer", async () => {
    await using newRelic = await startNewRelic(keys);
    const endpoint = `${newRelic.endpoint}/graphql`;
    const { host, values } = await measured({ nerdgraph: { user_key: keys.userKey, account_id: 7, endpoint } });
    newRelic.report({ newRelicFeature: "Logs", category: "BadRequest", message: "'a' is too long" });
    newRelic.failNerdGraph(503);
    await host.clock.advance(minuteMs);
    await eventually("the failure was counted", () => values.get("api_failures") === 1 || undefined);
    await host.clock.advance(minuteMs);
    await eventually("the error was counted", () => values.get("reported too_long Logs") === 1 || undefined);
  });

  it("measures how long a canary took to be stored, and counts it", async () => {
    await using newRelic = await startNewRelic(keys);
    const endpoint = `${newRelic.endpoint}/graphql`;
    const nerdgraph = { user_key: keys.userKey, account_id: 7, endpoint, interval: "20s", canary: { enabled: true } };
    const { host, next, values } = await measured({ nerdgraph });
    let delivered = 0;
    next.consume = async (batch) => {
      const headers = { "api-key": keys.licenseKey };
      await fetch(`${newRelic.endpoint}/v1/metrics`, { method: "POST", headers, body: encodeJson(batch) });
      delivered++;
    };
    // The first question waits for its answer until the canary was sent 20 seconds ago.
    const release = newRelic.holdNerdGraph();
    await host.clock.advance(minuteMs);
    await eventually("a canary was stored", () => delivered > 0 || undefined);
    await settle();
    await host.clock.advance(20_000);
    release();
    await eventually("it was found", () => values.get("canaries stored") === 1 || undefined);
    expect(values.get("ingest_delay")).toBe(20);
  });

  it("leaves questions out while one is under way, and asks again when it was answered", async () => {
    await using newRelic = await startNewRelic(keys);
    const endpoint = `${newRelic.endpoint}/graphql`;
    const nerdgraph = { user_key: keys.userKey, account_id: 7, endpoint, timeout: "10m" };
    const { host, values } = await measured({ nerdgraph });
    const release = newRelic.holdNerdGraph();
    await host.clock.advance(minuteMs);
    await eventually("the first question has come", () => newRelic.unanswered === 1 || undefined);
    await host.clock.advance(5 * minuteMs);
    expect([newRelic.unanswered, values.get("api_skipped")]).toEqual([1, 5]);
    release();
    await eventually("the next question was answered", async () => {
      await host.clock.advance(minuteMs);
      return newRelic.queries.length >= 2 || undefined;
    });
  });
});
