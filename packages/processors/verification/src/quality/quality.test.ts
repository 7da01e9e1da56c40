import { setTimeout } from "node:timers/promises";
import { eventually } from "@dbintel/e2e/condition";
import { startNewRelic } from "@dbintel/e2e/new-relic";
import { feedback, noSavings } from "@dbintel/feedback";
import { type AnyValue, type Logs, logsBuilder } from "@dbintel/pdata";
import { createTestHost, type TestHost } from "@dbintel/pipeline/testing";
import { afterEach, describe, expect, it } from "vitest";
import { measuringMeter } from "../../test/running.ts";
import { qualityConfig } from "./config.ts";
import { Quality } from "./quality.ts";

const minuteMs = 60_000;
const lenient = { min_quality_score: 0, min_normalization_rate: 0, min_entity_correlation_rate: 0, minimum_items: 1 };
const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

function start(settings: object, host: TestHost = createTestHost()) {
  const quality = new Quality({ id: "verification", config: qualityConfig.parse({ ...lenient, ...settings }), host });
  quality.join();
  stops.push(() => quality.leave());
  return { quality, host };
}

function logs(
  records: readonly Readonly<Record<string, AnyValue>>[],
  resource: Readonly<Record<string, AnyValue>> = {},
): Logs {
  const builder = logsBuilder().resource({ attributes: resource }).scope({ name: "test" });
  for (const attributes of records) builder.record({ body: "text", attributes });
  return builder.build();
}

const told = (quality: Quality) => quality.takeFindings().map(({ category, subject }) => `${category}: ${subject}`);

describe("fields", () => {
  it("that are required are looked for in the item, then in its resource", async () => {
    const { quality, host } = start({ required_fields: ["id", "db", "user"], min_quality_score: 0.9 });
    quality.observe(logs([{ id: 1n, user: "a" }, { id: 2n, user: "" }, { user: "b" }], { db: "shop" }));
    await host.clock.advance(minuteMs);
    const findings = quality.takeFindings();
    expect(findings.map(({ category, subject, evidence }) => [category, subject, evidence.items])).toEqual([
      ["quality_score", "quality_score", 3],
      ["required_field", "id", 1],
      ["required_field", "user", 1],
    ]);
    // 1, 1 - 0.2 for an empty one, 1 - 0.3 for a missing one.
    expect(findings[0]?.evidence.share).toBeCloseTo((1 + 0.8 + 0.7) / 3);
  });

  it("have the types that are asked for", async () => {
    const { quality, host } = start({ data_types: { ms: "double", n: "number", text: "string" } });
    quality.observe(logs([{ ms: 1.5, n: 1n, text: "x" }, { ms: 1n, n: "1" }, {}]));
    await host.clock.advance(minuteMs);
    expect(told(quality).sort((a, b) => a.localeCompare(b))).toEqual(["data_type: ms", "data_type: n"]);
  });

  it("have few values, in each window anew", async () => {
    const { quality, host } = start({ cardinality_limits: { user: 10 }, feedback_interval: "1s" });
    const users = (from: number) => logs(Array.from({ length: 8 }, (_, index) => ({ user: `u${from + index}` })));
    quality.observe(users(0));
    await host.clock.advance(minuteMs);
    expect(told(quality)).toEqual([]);
    quality.observe(users(8));
    await host.clock.advance(minuteMs);
    expect(new Set(told(quality))).toEqual(new Set(["cardinality: user"]));
    await host.clock.advance(5 * minuteMs);
    quality.takeFindings();
    quality.observe(users(16));
    await host.clock.advance(minuteMs);
    expect(told(quality)).toEqual([]);
  });
});

describe("rates", () => {
  it("of normalised statements and of items with an entity fall, and are told of", async () => {
    const { quality, host } = start({
      min_normalization_rate: 0.9,
      min_entity_correlation_rate: 0.8,
      minimum_items: 4,
    });
    const statement = { "db.query.text": "SELECT ?" };
    quality.observe(logs([{ ...statement, "db.query.fingerprint": "f" }, statement], { "service.name": "shop" }));
    quality.observe(logs([statement, statement, {}, {}]));
    await host.clock.advance(minuteMs);
    const findings = quality.takeFindings();
    expect(findings.map(({ subject, evidence }) => [subject, evidence.share, evidence.items])).toEqual([
      ["normalization", 0.25, 4],
      ["entity_correlation", 2 / 6, 6],
    ]);
  });

  it("are not judged by a few items", async () => {
    const { quality, host } = start({ min_entity_correlation_rate: 0.8, minimum_items: 10 });
    quality.observe(logs([{}, {}]));
    await host.clock.advance(minuteMs);
    expect(told(quality)).toEqual([]);
  });
});

describe("freshness", () => {
  it("is noticed by the clock, once for each silence of a source", async () => {
    const { quality, host } = start({ data_freshness_threshold: "10m", feedback_interval: "1s" });
    const from = (name: string) => quality.observe(logs([{}], { "service.instance.id": name }));
    from("a:5432");
    from("b:5432");
    for (let minute = 0; minute < 12; minute++) {
      from("b:5432");
      await host.clock.advance(minuteMs);
    }
    expect(told(quality)).toEqual(["data_freshness: a:5432"]);
    from("a:5432");
    await host.clock.advance(11 * minuteMs);
    expect(new Set(told(quality))).toEqual(new Set(["data_freshness: a:5432", "data_freshness: b:5432"]));
  });
});

it("tells of the same finding once in an interval", async () => {
  const { quality, host } = start({ required_fields: ["id"], window: "1h", feedback_interval: "10m" });
  quality.observe(logs([{}]));
  const lines = () => host.lines.filter(({ fields }) => fields.category === "required_field").length;
  await host.clock.advance(9 * minuteMs);
  expect(lines()).toBe(1);
  await host.clock.advance(2 * minuteMs);
  expect(lines()).toBe(2);
});

describe("questions to New Relic", () => {
  const keys = { licenseKey: "license", userKey: "NRAK-user", accountId: 7 };
  const query = "SELECT count(*) FROM NrIntegrationError";

  it("are asked, and their answers compared", async () => {
    const newRelic = await startNewRelic(keys);
    stops.push(async () => newRelic[Symbol.asyncDispose]());
    const canaries = "SELECT count(*) FROM Metric WHERE nonce = 'none'";
    const { quality, host } = start({
      nerdgraph: {
        user_key: keys.userKey,
        account_id: keys.accountId,
        endpoint: `${newRelic.endpoint}/graphql`,
        queries: [
          { name: "stored", query: canaries, interval: "1m", threshold: 0, comparison: "gt" },
          { name: "none", query: canaries, interval: "1m", threshold: 0, comparison: "eq" },
          { name: "errors", query, interval: "1m", threshold: 1, comparison: "lt" },
        ],
      },
    });
    await host.clock.advance(minuteMs);
    const findings = await eventually("all were answered", () => {
      const lines = host.lines.filter(({ fields }) => fields.category === "verification_query");
      return lines.length === 2 ? quality.takeFindings() : undefined;
    });
    expect(new Set(newRelic.queries)).toEqual(new Set([canaries, query]));
    expect(new Set(findings.map(({ message }) => message))).toEqual(
      new Set(["stored: 0, expected more than 0", "errors: no number, expected less than 1"]),
    );
  });
});

describe("health", () => {
  const lenient = { memory_percent: 100, cpu_percent: 100, event_loop_delay: "1h", disk_percent: 100 };

  // Each is above any machine that runs this.
  it.each([
    ["memory_percent", { memory_percent: 0.000001 }],
    ["cpu_percent", { cpu_percent: 0.000001 }],
    ["disk_percent", { disk_percent: 0.000001 }],
  ])("%s is read from the process and its machine, and told of above its threshold", async (subject, threshold) => {
    const { quality, host } = start({ health: { ...lenient, ...threshold } });
    await host.clock.advance(minuteMs);
    const [finding] = await eventually("a reading was judged", () => {
      const findings = quality.takeFindings();
      return findings.length > 0 ? findings : undefined;
    });
    expect(finding).toMatchObject({ category: "system_health", subject });
    expect(finding?.evidence.value).toBeGreaterThan(0);
    expect(finding?.evidence.value).toBeLessThanOrEqual(100);
  });

  it("the delay of the event loop is measured while it is held up", async () => {
    const { quality, host } = start({ health: { ...lenient, event_loop_delay: "1ms" } });
    const findings = await eventually("a delay was judged", async () => {
      // Turns of the loop, each of which comes late.
      for (let turn = 0; turn < 3; turn++) {
        await setTimeout(25);
        const until = performance.now() + 60;
        while (performance.now() < until);
      }
      await setTimeout(1);
      await host.clock.advance(minuteMs);
      const taken = quality.takeFindings();
      return taken.length > 0 ? taken : undefined;
    });
    expect(findings[0]).toMatchObject({ category: "system_health", subject: "event_loop_delay" });
    expect(findings[0]?.evidence.value).toBeGreaterThan(1);
  });
});

describe("metrics", () => {
  it("tell the score, what was found, the health, and how questions were answered", async () => {
    await using newRelic = await startNewRelic({ licenseKey: "license", userKey: "NRAK-user", accountId: 7 });
    const { meter, values } = measuringMeter();
    const query = "SELECT count(*) FROM Metric WHERE nonce = 'none'";
    const question = (name: string, comparison: string) => ({ name, query, interval: "1m", threshold: 0, comparison });
    const { quality, host } = start(
      {
        required_fields: ["id"],
        health: {},
        nerdgraph: {
          user_key: "NRAK-user",
          account_id: 7,
          endpoint: `${newRelic.endpoint}/graphql`,
          queries: [question("none", "eq"), question("stored", "gt")],
        },
      },
      createTestHost({ meter }),
    );
    quality.observe(logs([{ id: 1n }, {}]));
    await host.clock.advance(minuteMs);
    await eventually(
      "both questions were answered and the health was read",
      () => ["checks none met", "checks stored missed", "disk"].every((name) => values.has(name)) || undefined,
    );
    newRelic.failNerdGraph(500, 500);
    await host.clock.advance(minuteMs);
    await eventually("a question failed", () => values.get("checks none failed") === 1 || undefined);
    expect(values.get("quality_score")).toBeCloseTo(0.85);
    expect(values.get("quality_findings required_field")).toBeGreaterThan(0);
    for (const name of ["memory", "cpu", "disk"]) expect(values.get(name), name).toBeGreaterThan(0);
    expect(values.get("event_loop_delay")).toBeGreaterThanOrEqual(0);
  });
});

it("asks no question again while it is under way", async () => {
  await using newRelic = await startNewRelic({ licenseKey: "license", userKey: "NRAK-user", accountId: 7 });
  const endpoint = `${newRelic.endpoint}/graphql`;
  const question = { name: "q", query: "SELECT 1", interval: "1m", threshold: 0, comparison: "gt" };
  const nerdgraph = { user_key: "NRAK-user", account_id: 7, endpoint, timeout: "1h", queries: [question] };
  const { host } = start({ nerdgraph });
  const release = newRelic.holdNerdGraph();
  await host.clock.advance(minuteMs);
  await eventually("the question has come", () => newRelic.unanswered === 1 || undefined);
  await host.clock.advance(10 * minuteMs);
  expect(newRelic.unanswered).toBe(1);
  release();
  await eventually("it was asked again", async () => {
    await host.clock.advance(minuteMs);
    return newRelic.queries.length >= 2 || undefined;
  });
});

describe("tuning", () => {
  function exporter(host: TestHost) {
    const load = { queueFill: 0, throttled: 0 };
    host.shared(feedback).addExporter(() => load);
    return load;
  }
  const sampling = (host: TestHost) => host.shared(feedback).savings.samplingFactor;

  it("only suggests, unless it may do more", async () => {
    const host = createTestHost();
    const load = exporter(host);
    const { quality } = start({ tuning: {} }, host);
    load.queueFill = 0.95;
    await host.clock.advance(10 * minuteMs);
    expect(quality.takeFindings()[0]).toMatchObject({
      category: "tuning",
      message: "exporters cannot keep up; suggestion: let rates of samplers be 0.80 of what is configured",
      evidence: { queue_fill: 0.95, throttled_requests: 0 },
    });
    expect(host.shared(feedback).savings).toEqual(noSavings);
  });

  it("lowers step by step while it helps, within its bound, and takes all back", async () => {
    const host = createTestHost();
    const load = exporter(host);
    start({ tuning: { auto_apply: true, least_sampling: 0.7 } }, host);
    load.queueFill = 1;
    await host.clock.advance(10 * minuteMs);
    expect(sampling(host)).toBeCloseTo(0.8);
    load.queueFill = 0.85;
    await host.clock.advance(10 * minuteMs);
    expect(sampling(host)).toBeCloseTo(0.7);
    load.queueFill = 0.1;
    await host.clock.advance(20 * minuteMs);
    expect(sampling(host)).toBe(1);
  });

  it("takes back a step that did not help, and waits before the next", async () => {
    const host = createTestHost();
    const load = exporter(host);
    const { quality } = start({ tuning: { auto_apply: true } }, host);
    load.queueFill = 1;
    const seen: number[] = [];
    for (let look = 0; look < 5; look++) {
      await host.clock.advance(10 * minuteMs);
      seen.push(sampling(host));
    }
    expect(seen).toEqual([0.8, 1, 1, 1, 0.8]);
    expect(quality.takeFindings().map(({ message }) => message)).toContain(
      "the lower rate did not help and is taken back",
    );
  });

  it("asks for nothing after its end", async () => {
    const host = createTestHost();
    exporter(host).queueFill = 1;
    const { quality } = start({ tuning: { auto_apply: true } }, host);
    await host.clock.advance(10 * minuteMs);
    expect(sampling(host)).toBe(0.8);
    await quality.leave();
    stops.pop();
    expect(host.shared(feedback).savings).toEqual(noSavings);
    expect(host.clock.pendingTimers).toBe(0);
  });
});

describe("qualityConfig", () => {
  it.each<[string, object]>([
    ["required_fields", { required_fields: ["a", "a"] }],
    ["data_types.a", { data_types: { a: "date" } }],
    ["cardinality_limits.a", { cardinality_limits: { a: 0 } }],
    ["min_quality_score", { min_quality_score: 1.5 }],
    ["data_freshness_threshold", { data_freshness_threshold: "0s" }],
    ["health.cpu_percent", { health: { cpu_percent: 0 } }],
    ["tuning.max_change", { tuning: { max_change: 0 } }],
    ["nerdgraph.queries", { nerdgraph: { user_key: "k", account_id: 1, queries: [] } }],
  ])("refuses %s of %j", (path, config) => {
    const result = qualityConfig.safeParse(config);
    expect(result.error?.issues.map((issue) => issue.path.join("."))).toEqual([path]);
  });
});
