import { RetryableError } from "@dbintel/errors";
import { feedback } from "@dbintel/feedback";
import { type AnyValue, type BatchOf, logsBuilder, metricsBuilder, type Signal, tracesBuilder } from "@dbintel/pdata";
import { createPipeline } from "@dbintel/pipeline";
import { createTestHost, Sink } from "@dbintel/pipeline/testing";
import { describe, expect, it } from "vitest";
import type { z } from "zod";
import { adaptiveSampler } from "./component.ts";
import type { adaptiveSamplerConfig } from "./config.ts";

const never = new AbortController().signal;

type Settings = z.input<typeof adaptiveSamplerConfig>;
type Attributes = Readonly<Record<string, AnyValue>>;

/** Nothing is kept but what a test is about. */
const bare: Settings = { default_sample_rate: 0, minimum_per_key: 0, keep_always: { classes: [] } };

function mounted<S extends Signal>(signal: S, settings: Settings) {
  const host = createTestHost();
  const next = new Sink<S>();
  const { definition, config } = adaptiveSampler({ ...bare, ...settings });
  const processor = definition.create({ id: "adaptive_sampler", config, host, signal, next });
  const send = (batch: BatchOf[S]) => processor.consume(batch, { signal: never });
  return { host, next, send };
}

interface LogInit {
  readonly attributes?: Attributes;
  readonly severityNumber?: number;
  readonly eventName?: string;
  readonly traceId?: string;
}

function logs(records: readonly LogInit[]) {
  const builder = logsBuilder().resource({ attributes: {} }).scope({ name: "s" });
  for (const [index, record] of records.entries()) builder.record({ body: `${index}`, ...record });
  return builder.build();
}

/** What came out: body, adjusted count and reason of each record. */
function kept(next: Sink<"logs">): readonly (readonly [AnyValue, number | undefined, string | undefined])[] {
  return next.batches.flatMap((batch) =>
    Array.from(
      batch.records(),
      ({ body, attributes }) =>
        [body, attributes.getDouble("sampling.adjusted_count"), attributes.getString("sampling.reason")] as const,
    ),
  );
}

async function run(settings: Settings, records: readonly LogInit[]) {
  const { next, send } = mounted("logs", settings);
  const batch = logs(records);
  await send(batch);
  return { kept: kept(next), dropped: Object.fromEntries(batch.dropped), next };
}

describe("rules", () => {
  const attributes = (value: AnyValue): LogInit => ({ attributes: { x: value } });

  it("decide by priority, then by order; what none matches has the default", async () => {
    const { kept: found, dropped } = await run(
      {
        rules: [
          { name: "low", priority: 1, condition: 'attributes["x"] > 1', sample_rate: 0 },
          { name: "high", priority: 2, condition: 'attributes["x"] > 5', sample_rate: 1 },
          { name: "too late", priority: 2, condition: 'attributes["x"] > 4', sample_rate: 1 },
        ],
      },
      [attributes(2n), attributes(5n), attributes(6n), {}],
    );
    expect(found).toEqual([
      ["1", 1, "rule:too late"],
      ["2", 1, "rule:high"],
    ]);
    expect(dropped).toEqual({ sampled_out: 2 });
  });

  it.each<[string, string | number | boolean | undefined, readonly AnyValue[], readonly AnyValue[]]>([
    ["eq", 5, [5n, 5], [6n, "5"]],
    ["eq", "a", ["a"], ["b", 1n]],
    ["eq", true, [true], [false]],
    ["ne", 5, [6n], [5n]],
    ["gt", 5, [5.5, 6n], [5n, "6"]],
    ["gte", -5, [-5n], [-6n]],
    ["lt", 1.5, [1n], [2n]],
    ["lte", 5, [5n], [6n]],
    ["contains", '"b\\', ['a"b\\c'], ["abc", 5n]],
    ["exists", undefined, ["", 0n], []],
  ])("compare by %s %j in the list form", async (operator, value, matching, others) => {
    const condition = { attribute: "x", operator, ...(value === undefined ? {} : { value }) };
    const rules = [{ name: "r", sample_rate: 1, conditions: [condition] }] as Settings["rules"];
    const { kept: found } = await run({ ...(rules && { rules }) }, [...matching, ...others].map(attributes).concat({}));
    // A record without the attribute, the last one, never matches.
    expect(found.map(([body]) => body)).toEqual(matching.map((_, index) => `${index}`));
  });
});

describe("what is always kept", () => {
  const always: Settings = { ...bare, keep_always: {} };
  const statement = (hash: string, more: Attributes = {}): Attributes => ({ "db.query.fingerprint": hash, ...more });

  it("is kept for its class, once where the first sight counts", async () => {
    const { kept: found } = await run(always, [
      { severityNumber: 17 },
      { attributes: { "error.type": "x" } },
      { attributes: { "db.response.status_code": "40P01" }, severityNumber: 17 },
      { attributes: { "postgresql.blocking.pids": [4n] } },
      { attributes: { "postgresql.blocking.pids": [] } },
      { attributes: { "postgresql.blocking.pids": 0n } },
      { attributes: statement("a") },
      { attributes: statement("a") },
      { attributes: statement("a", { "db.namespace": "other" }) },
      { attributes: statement("a", { "db.query.plan.hash": "p" }) },
      { attributes: statement("a", { "db.query.plan.hash": "p" }) },
    ]);
    expect(found).toEqual([
      ["0", 1, "error"],
      ["1", 1, "error"],
      ["2", 1, "deadlock"],
      ["3", 1, "blocking"],
      ["6", 1, "new_fingerprint"],
      ["8", 1, "new_fingerprint"],
      ["9", 1, "new_plan"],
    ]);
  });

  it("is no session that blocks nobody, however a receiver writes that down", async () => {
    const said: readonly AnyValue[] = [
      "{}",
      "[]",
      "",
      "0",
      0n,
      false,
      [],
      null,
      "{4711}",
      "[4711]",
      "4711",
      4711n,
      true,
    ];
    const records = said.map((value) => ({ attributes: { "postgresql.blocking.pids": value } }));
    const { kept: found } = await run(always, records);
    expect(found.map(([body, , reason]) => [said[Number(body)], reason])).toEqual([
      ["{4711}", "blocking"],
      ["[4711]", "blocking"],
      ["4711", "blocking"],
      [4711n, "blocking"],
      [true, "blocking"],
    ]);
  });

  it("goes before a rule that keeps nothing", async () => {
    const rules = [{ name: "none", condition: "true", sample_rate: 0 }];
    const { kept: found } = await run({ ...always, rules }, [{ severityNumber: 17 }]);
    expect(found).toEqual([["0", 1, "error"]]);
  });

  it("is new again when the batch was not taken", async () => {
    const { next, send } = mounted("logs", always);
    next.failNext(new RetryableError("away", { delayMs: 1 }));
    await expect(send(logs([{ attributes: statement("a") }]))).rejects.toThrow("away");
    await send(logs([{ attributes: statement("a") }]));
    expect(kept(next).at(-1)?.[2]).toBe("new_fingerprint");
  });

  it("includes the first records of each key", async () => {
    const settings = { ...bare, minimum_per_key: 1, default_sample_rate: 0.0001 };
    const { kept: found } = await run(settings, [
      { attributes: statement("a") },
      { attributes: statement("b") },
      { attributes: statement("a") },
    ]);
    expect(found.slice(0, 2)).toEqual([
      ["0", 1, "minimum_per_key"],
      ["1", 1, "minimum_per_key"],
    ]);
  });
});

describe("adjusted counts", () => {
  it("multiply those that records arrive with", async () => {
    const { next, send } = mounted("logs", { default_sample_rate: 0.5, rules: [] });
    const arriving = { attributes: { "sampling.adjusted_count": 3, "sampling.reason": "earlier" } };
    await send(logs(Array(10).fill(arriving)));
    expect(kept(next)).toHaveLength(5);
    for (const [, count, reason] of kept(next)) expect([count, reason]).toEqual([6, "default"]);
  });

  it("are 1 for events that are no samples, which pass untouched", async () => {
    const { next, dropped } = await run({}, [{ eventName: "db.server.top_query" }, { eventName: "other" }]);
    expect(next.batches.flatMap((batch) => Array.from(batch.records(), ({ attributes }) => attributes.size))).toEqual([
      0,
    ]);
    expect(dropped).toEqual({ sampled_out: 1 });
  });

  it("count repeats on the record that is kept", async () => {
    const settings = { default_sample_rate: 0.999, deduplication: { enabled: true, hash_attribute: "hash" } };
    const {
      kept: found,
      dropped,
      next,
    } = await run(settings, [
      { attributes: { hash: "a" } },
      { attributes: { hash: "a" } },
      { attributes: { hash: "a" } },
      {},
    ]);
    expect(dropped).toEqual({ duplicate: 2 });
    expect(found[0]?.[1]).toBeCloseTo(3, 1);
    const duplicates = next.batches.flatMap((batch) =>
      Array.from(batch.records(), ({ attributes }) => attributes.getInt("sampling.duplicates")),
    );
    expect(duplicates).toEqual([2n, undefined]);
  });

  it("leave repeats alone that a rule keeps, and those that a budget does not ask to leave out", async () => {
    const repeats = Array(3).fill({ attributes: { "db.query.plan.hash": "a" } });
    const rules = [{ name: "all", sample_rate: 1 }];
    expect((await run({ rules, deduplication: { enabled: true } }, repeats)).kept).toHaveLength(3);
    expect((await run({ default_sample_rate: 1 }, repeats)).kept).toHaveLength(3);
  });
});

describe("back-pressure and budgets", () => {
  it("lower rates while they last", async () => {
    const { host, next, send } = mounted("logs", { default_sample_rate: 0.5 });
    const size = async () => {
      const before = next.items;
      await send(logs(Array(100).fill({})));
      return next.items - before;
    };
    const demands = host.shared(feedback);
    const takeBack = demands.addExporter(() => ({ queueFill: 0.95, throttled: 0 }));
    expect(await size()).toBe(25);
    takeBack();
    await host.clock.advance(30_000);
    expect(await size()).toBe(50);
    const savings = { ...demands.savings, samplingFactor: 0.2, suppressRepeats: true };
    demands.demand("test", savings);
    expect(await size()).toBe(10);
    demands.demand("test", undefined);
    expect(await size()).toBe(50);
  });

  it("suppress repeats while a budget asks for it", async () => {
    const { host, next, send } = mounted("logs", { default_sample_rate: 1, deduplication: { hash_attribute: "h" } });
    host.shared(feedback).demand("test", { ...host.shared(feedback).savings, suppressRepeats: true });
    await send(logs(Array(3).fill({ attributes: { h: "a" } })));
    expect(kept(next).map(([, count]) => count)).toEqual([3]);
  });
});

describe("traces", () => {
  const low = "0af7651916cd43dd8410000000000000";
  const high = "0af7651916cd43dd84f0000000000000";

  function spans(init: readonly { traceId: string; traceState?: string; statusCode?: number }[]) {
    const builder = tracesBuilder().resource({ attributes: {} }).scope({ name: "s" });
    for (const [index, span] of init.entries()) {
      const spanId = `b7ad6b716920333${index}`;
      builder.span({ spanId, name: "GET", startTimeUnixNano: 0n, endTimeUnixNano: 5n, ...span });
    }
    return builder.build();
  }

  async function runSpans(settings: Settings, init: Parameters<typeof spans>[0]) {
    const { next, send } = mounted("traces", settings);
    await send(spans(init));
    return next.batches.flatMap((batch) =>
      Array.from(batch.spans(), ({ traceId, traceState, attributes }) => [
        traceId,
        traceState,
        attributes.getDouble("sampling.adjusted_count"),
      ]),
    );
  }

  it("are kept by their own randomness, with the threshold that they passed", async () => {
    expect(await runSpans({ default_sample_rate: 0.5 }, [{ traceId: low }, { traceId: high }])).toEqual([
      [high, "ot=th:8", 2],
    ]);
  });

  it("go on from the threshold of the trace state, and by its randomness", async () => {
    const found = await runSpans({ default_sample_rate: 0.5 }, [
      { traceId: high, traceState: "a=1,ot=th:8" },
      { traceId: low, traceState: "ot=th:8;rv:e0000000000000" },
      // It cannot have passed this one: unknown, and erased.
      { traceId: high, traceState: "ot=th:f8" },
    ]);
    expect(found).toEqual([
      [high, "ot=th:c,a=1", 4],
      [low, "ot=th:c;rv:e0000000000000", 4],
      [high, "", 2],
    ]);
  });

  it("agree with log records of the trace", async () => {
    const { kept: found } = await run({ default_sample_rate: 0.5 }, [{ traceId: low }, { traceId: high }]);
    expect(found).toEqual([["1", 2, "default"]]);
  });

  it("keep spans that failed without a word about the threshold", async () => {
    const found = await runSpans({ ...bare, keep_always: { classes: ["errors"] } }, [
      { traceId: low, statusCode: 2 },
      { traceId: high },
    ]);
    expect(found).toEqual([[low, "", 1]]);
  });
});

it("passes metrics on untouched: sums are exact already", async () => {
  const { next, send } = mounted("metrics", {});
  const batch = metricsBuilder()
    .resource({ attributes: {} })
    .scope({ name: "s" })
    .gauge({ name: "g" }, [{ timeUnixNano: 1n, value: 1n }])
    .build();
  await send(batch);
  expect(next.batches).toEqual([batch]);
  expect(batch.edited).toBe(false);
});

it("is accounted for in a pipeline, and leaves the caller's batch as it was", async () => {
  const output = new Sink<"logs">();
  const pipeline = createPipeline({
    processors: [adaptiveSampler({ ...bare, default_sample_rate: 0.25 })],
    exporter: { logs: output },
  });
  const batch = logs(Array(100).fill({}));
  await pipeline.logs.consume(batch);
  expect(await pipeline.stop()).toEqual([]);
  const ledger = pipeline.accounting().find(({ id }) => id === "adaptive_sampler")?.ledger;
  expect(ledger?.of("logs")).toMatchObject({ received: 100, sent: 25, dropped: new Map([["sampled_out", 75]]) });
  expect(batch.count).toBe(100);
});
