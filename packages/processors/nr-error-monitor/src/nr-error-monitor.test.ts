import { eventually } from "@dbintel/e2e/condition";
import { startNewRelic } from "@dbintel/e2e/new-relic";
import { feedback, noSavings } from "@dbintel/feedback";
import { type AnyValue, encodeJson, type Metrics, metricsBuilder } from "@dbintel/pdata";
import { createTestHost, FakeClock, type TestHost } from "@dbintel/pipeline/testing";
import { afterEach, describe, expect, it } from "vitest";
import { context, eventsOf, running } from "../test/running.ts";

const minuteMs = 60_000;
const keys = { licenseKey: "license", userKey: "NRAK-user", accountId: 7 };

function gauge(host: TestHost, points: readonly Readonly<Record<string, AnyValue>>[], name = "m"): Metrics {
  const timeUnixNano = host.clock.unixNano();
  return metricsBuilder()
    .resource({ attributes: {} })
    .scope({ name: "test" })
    .gauge(
      { name },
      points.map((attributes) => ({ timeUnixNano, value: 1n, attributes })),
    )
    .build();
}

const manyUsers = (count: number, from = 0) =>
  Array.from({ length: count }, (_, index) => ({ user: `user ${from + index}`, region: "eu" }));

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function monitor(...[settings, options]: Parameters<typeof running>) {
  const result = await running(settings, options);
  stops.push(() => result.part.stop(context));
  return result;
}

describe("what can be known beforehand", () => {
  it("is reported and passes, in `monitor` mode", async () => {
    const { host, next, send } = await monitor({});
    await send(gauge(host, [{ text: "x".repeat(5000) }]));
    const [batch] = next.batches;
    expect(batch?.edited).toBe(false);
    await host.clock.advance(minuteMs);
    expect(host.lines).toMatchObject([
      {
        level: "warn",
        fields: { code: "attribute_too_long", action: "reported", metric: "m", attribute: "text", count: 1 },
      },
    ]);
    expect(JSON.stringify(host.lines)).not.toContain("xxx");
  });

  it("is mended in `fix` mode, and told of as an event where logs pass", async () => {
    const { host, next, send } = await monitor({ mode: "fix" });
    const logs = await monitor({ mode: "fix" }, { signal: "logs", host });
    await send(gauge(host, [{ text: "x".repeat(5000) }, { m: 1n }]));
    await host.clock.advance(minuteMs);
    const texts = next.batches.flatMap((batch) =>
      batch.signal === "metrics" ? Array.from(batch.points(), ({ attributes }) => [...attributes.keys()]) : [],
    );
    expect(texts).toEqual([["text"], ["original.m"]]);
    const told = eventsOf(logs.next.batches).map((event) => [event.name, event["error.category"], event.action]);
    expect(new Set(told)).toEqual(
      new Set([
        ["newrelic.contract.breach", "attribute_named_like_metric", "repaired"],
        ["newrelic.contract.breach", "attribute_too_long", "repaired"],
      ]),
    );
    expect(logs.host.accounting.of("logs").received).toBe(2);
  });

  it("drops what New Relic would, with the reason, and passes no empty batch", async () => {
    const { host, next, send } = await monitor({ mode: "fix" });
    const old = gauge(host, [{}]);
    host.clock.jump(49n * 3_600_000_000_000n);
    await send(old);
    expect([...old.dropped]).toEqual([["timestamp_too_old", 1]]);
    expect(next.batches).toEqual([]);
  });

  it("is logged once in the time of suppression, with the count of all since", async () => {
    const { host, send } = await monitor({});
    const breach = () => send(gauge(host, [{ text: "x".repeat(5000) }]));
    await breach();
    await host.clock.advance(minuteMs);
    for (let count = 0; count < 3; count++) await breach();
    await host.clock.advance(4 * minuteMs);
    expect(host.lines).toHaveLength(1);
    await host.clock.advance(minuteMs);
    expect(host.lines.map(({ fields }) => fields.count)).toEqual([1, 3]);
  });

  it("is the state of the component while there is much of it", async () => {
    const { host, send } = await monitor({ alert_threshold: 2 });
    await send(gauge(host, [{ m: 1n }, { m: 2n }]));
    await host.clock.advance(minuteMs);
    expect(host.statuses.map(({ state }) => state)).toEqual(["recoverable_error"]);
    await host.clock.advance(5 * minuteMs);
    expect(host.statuses.map(({ state }) => state)).toEqual(["recoverable_error", "ok"]);
  });
});

describe("series", () => {
  it("of a metric with many are told of, with the attribute that makes them", async () => {
    const { host, send } = await monitor({ cardinality_warning_threshold: 100 });
    const logs = await monitor({}, { signal: "logs", host });
    await send(gauge(host, manyUsers(150)));
    await host.clock.advance(minuteMs);
    await send(gauge(host, manyUsers(100, 150)));
    await host.clock.advance(5 * minuteMs);
    const found = eventsOf(logs.next.batches);
    expect(found.map(({ name }) => name)).toEqual(new Array(2).fill("newrelic.contract.cardinality"));
    expect(found).toMatchObject([
      { "metric.name": "m", series: 150n },
      { "metric.name": "m", "attribute.name": "user", series: 250n, values: 100n },
    ]);
  });

  it("begin anew each day of UTC", async () => {
    const { host, send } = await monitor({ cardinality_warning_threshold: 100 });
    await send(gauge(host, manyUsers(90)));
    host.clock.jump(86_400_000_000_000n);
    await send(gauge(host, manyUsers(90, 90)));
    await host.clock.advance(minuteMs);
    expect(host.lines).toEqual([]);
  });

  it("above the limit are folded in `fix` mode, and the sum stays", async () => {
    const { host, next, send } = await monitor({ mode: "fix", cardinality_limit: 20 });
    const points = manyUsers(50).map((attributes) => ({ timeUnixNano: host.clock.unixNano(), value: 1n, attributes }));
    const sum = { name: "s", monotonic: true, temporality: "delta" } as const;
    await send(metricsBuilder().resource({ attributes: {} }).scope({ name: "test" }).sum(sum, points).build());
    const values = next.batches.flatMap((batch) =>
      batch.signal === "metrics" ? Array.from(batch.points(), ({ value }) => value as bigint) : [],
    );
    expect(values.length).toBeLessThanOrEqual(20);
    expect(values.reduce((total, value) => total + value, 0n)).toBe(50n);
  });
});

describe("what New Relic reports", () => {
  async function asking(settings: object = {}, nerdgraph: object = {}) {
    const newRelic = await startNewRelic(keys);
    stops.push(async () => newRelic[Symbol.asyncDispose]());
    const host = createTestHost({ clock: new FakeClock(BigInt(Date.now()) * 1_000_000n) });
    const all = {
      ...settings,
      nerdgraph: { user_key: keys.userKey, account_id: 7, endpoint: `${newRelic.endpoint}/graphql`, ...nerdgraph },
    };
    const metrics = await monitor(all, { host });
    const logs = await monitor(all, { signal: "logs", host });
    /** Lets New Relic be asked, and what came of it be told. */
    const ask = async (until: () => boolean) => {
      await host.clock.advance(minuteMs);
      await eventually("New Relic's answer was used", async () => {
        await host.clock.advance(0);
        return until() || undefined;
      });
      await host.clock.advance(minuteMs);
    };
    /** Lets New Relic be asked each minute: not in one in which the question before has no answer yet. */
    const asked = (what: string, until: () => boolean) =>
      eventually(what, async () => {
        await host.clock.advance(minuteMs);
        return until() || undefined;
      });
    return { newRelic, host, metrics, logs, ask, asked };
  }

  const reports = ({ lines }: TestHost) => lines.filter(({ message }) => message.startsWith("New Relic reports:"));

  it("is mapped to metric, attribute and batch, and the remedy is named", async () => {
    const { newRelic, host, metrics, logs, ask } = await asking();
    await metrics.send(gauge(host, [{ text: "x".repeat(5000) }], "postgresql.backends"));
    newRelic.report({ newRelicFeature: "Metrics", category: "BadRequest", message: "'text' is too long" });
    await ask(() => reports(host).length === 1);
    expect(eventsOf(logs.next.batches).find(({ name }) => name === "newrelic.integration.error")).toMatchObject({
      "error.category": "too_long",
      "metric.name": "postgresql.backends",
      "attribute.name": "text",
      "batch.number": 1n,
      "batch.items": 1n,
      remedy: "fix",
      applied: false,
    });
    await metrics.send(gauge(host, [{ text: "x".repeat(5000) }]));
    expect(metrics.next.batches.at(-1)?.edited).toBe(false);
  });

  it("counts once, however often it is in the answer", async () => {
    const { newRelic, host, ask } = await asking();
    newRelic.report({ newRelicFeature: "Logs", category: "BadRequest", message: "m" });
    await ask(() => reports(host).length === 1);
    await ask(() => newRelic.queries.length >= 2);
    expect(reports(host)).toHaveLength(1);
  });

  it("calls for a remedy that ends when the errors do", async () => {
    const { newRelic, host, metrics, ask } = await asking({}, { actions: "apply" });
    const folded = async (from: number) => {
      await metrics.send(gauge(host, manyUsers(50, from)));
      return metrics.next.batches.at(-1)?.count;
    };
    expect(await folded(0)).toBe(50);
    newRelic.report({
      newRelicFeature: "Metrics",
      category: "RateLimit",
      rateLimitType: "RequestsPerMinute",
      message: "too many requests",
    });
    newRelic.report({ newRelicFeature: "Metrics", category: "BadRequest", message: "value of 'm' is NaN" });
    await ask(() => reports(host).length === 2);
    expect(host.shared(feedback).savings).toEqual({ ...noSavings, metricsIntervalFactor: 2, samplingFactor: 0.5 });
    await metrics.send(gauge(host, [{ text: "x".repeat(5000) }]));
    expect(metrics.next.batches.at(-1)?.edited).toBe(true);
    await host.clock.advance(11 * minuteMs);
    expect(host.shared(feedback).savings).toEqual(noSavings);
    await metrics.send(gauge(host, [{ text: "x".repeat(5000) }]));
    expect(metrics.next.batches.at(-1)?.edited).toBe(false);
  });

  it("is asked for again after a failure, which is logged once", async () => {
    const { newRelic, host, ask, asked } = await asking();
    newRelic.failNerdGraph(503, 503);
    const failures = () => host.lines.filter(({ message }) => message === "New Relic was not asked about errors");
    await ask(() => failures().length === 1);
    await asked("NerdGraph answers again", () =>
      host.lines.some(({ message }) => message === "NerdGraph answers again"),
    );
    expect(failures()).toHaveLength(1);
  });

  it("proves by canaries that data is stored", async () => {
    // The stand-in looks at times with the system's clock.
    const { newRelic, host, metrics, ask, asked } = await asking({}, { canary: { enabled: true } });
    const outcomes: unknown[] = [];
    metrics.next.consume = async (batch) => {
      const response = await fetch(`${newRelic.endpoint}/v1/metrics`, {
        method: "POST",
        headers: { "api-key": keys.licenseKey },
        body: encodeJson(batch),
      });
      outcomes.push(response.status);
    };
    await ask(() => outcomes.length > 0);
    await asked("the canary was looked for", () => newRelic.queries.some((query) => query.includes("nonce = ")));
    expect(host.lines).toEqual([]);
    const nonces = newRelic.stored.map(({ attributes }) => attributes.nonce);
    expect(nonces[0]).toMatch(/^[0-9a-f]{24}$/);
    expect(new Set(nonces).size).toBe(nonces.length);
    await host.clock.advance(60 * minuteMs);
    expect(host.lines.filter(({ level }) => level === "error")).toEqual([]);
  });

  it("tells of a canary that is not stored", async () => {
    const { host, metrics, ask } = await asking({}, { canary: { enabled: true, timeout: "2m" } });
    const lost = () => host.lines.filter(({ level }) => level === "error");
    await ask(() => metrics.next.items > 0);
    for (let minute = 0; minute < 5; minute++) await ask(() => true);
    await eventually("it counts as lost", async () => {
      await ask(() => true);
      return lost().length > 0 || undefined;
    });
    expect(lost()[0]?.message).toContain("has not stored a canary");
  });
});

it("leaves no timer behind", async () => {
  const nerdgraph = { user_key: "NRAK-x", account_id: 1, canary: { enabled: true } };
  const { host, part } = await running({ nerdgraph }, { signal: "logs" });
  await part.stop(context);
  expect(host.clock.pendingTimers).toBe(0);
});
