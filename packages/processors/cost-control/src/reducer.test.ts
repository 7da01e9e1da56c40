import {
  type Batch,
  decodeJson,
  type Item,
  type Logs,
  logsBuilder,
  metricsBuilder,
  tracesBuilder,
} from "@dbintel/pdata";
import { describe, expect, it } from "vitest";
import { context, onStep } from "../test/running.ts";

/** Records with an attribute that never repeats, one that seldom changes and one to be kept. */
function statements(count: number, severityNumber = 9, from = 0): Logs {
  const builder = logsBuilder();
  for (let index = from; index < from + count; index++) {
    const attributes = { "db.query.text": `SELECT ${index}`, "db.namespace": "shop", "db.query.hash": `${index}` };
    builder.record({ severityNumber, body: "statement", attributes });
  }
  return builder.build();
}

const namesOf = (batch: Batch): Set<string> => {
  if (batch.signal === "metrics") throw new Error("metrics keep their attributes");
  const items: Iterable<Item> = batch.signal === "logs" ? batch.records() : batch.spans();
  return new Set(Array.from(items, ({ attributes }) => [...attributes.keys()].join(" ")));
};
const all = "db.query.text db.namespace db.query.hash";
const fewer = "db.namespace db.query.hash";

describe("removal of attributes", () => {
  const settings = { ladder: { attribute_cardinality: 100 } };

  it("takes those with many values, but for those to keep, and none of errors", async () => {
    const { part, send, reductions } = await onStep("attributes", settings);
    expect(namesOf(await send(statements(100)))).toEqual(new Set([all]));
    expect(namesOf(await send(statements(1, 9, 100)))).toEqual(new Set([all]));
    expect(namesOf(await send(statements(5, 9, 200)))).toEqual(new Set([fewer]));
    expect(namesOf(await send(statements(5, 17, 300)))).toEqual(new Set([all]));
    expect(reductions).toEqual(new Map([["attribute_removed", 5]]));
    await part.stop(context);
  });

  it("counts values from the step before on, and removes nothing yet", async () => {
    const { part, send, reductions } = await onStep("top_queries", settings);
    await send(statements(200));
    expect(namesOf(await send(statements(5, 9, 200)))).toEqual(new Set([all]));
    expect(reductions.size).toBe(0);
    await part.stop(context);
  });

  it("goes on over the end of a window, until values were few for one", async () => {
    const window = 3_600_000;
    const { host, part, send } = await onStep("attributes", { ladder: { ...settings.ladder, interval: "100h" } });
    await send(statements(200));
    const next = async (from: number) => {
      await host.clock.advance(window);
      return namesOf(await send(statements(5, 9, from)));
    };
    expect(await next(200)).toEqual(new Set([fewer]));
    expect(await next(300)).toEqual(new Set([all]));
    await part.stop(context);
  });

  it("does the same to spans", async () => {
    const { part, send } = await onStep("attributes", settings, { signal: "traces" });
    const spans = (count: number, statusCode = 0) => {
      const builder = tracesBuilder();
      for (let index = 0; index < count; index++) {
        const id = { traceId: "1".repeat(32), spanId: "1".repeat(16), name: "SELECT", statusCode };
        const attributes = { "db.query.text": `SELECT ${index}`, "db.namespace": "shop" };
        builder.span({ ...id, startTimeUnixNano: 1n, endTimeUnixNano: 2n, attributes });
      }
      return builder.build();
    };
    await send(spans(200));
    expect(namesOf(await send(spans(1)))).toEqual(new Set(["db.namespace"]));
    expect(namesOf(await send(spans(1, 2)))).toEqual(new Set(["db.query.text db.namespace"]));
    await part.stop(context);
  });
});

describe("long texts", () => {
  it("are cut in bodies, in attributes and in events of spans, also of what is essential", async () => {
    const settings = { max_body_bytes: 40, max_attribute_bytes: 32 };
    const { part, send, reductions } = await onStep("normal", settings);
    const text = "x".repeat(100);
    const batch = await send(logsBuilder().record({ severityNumber: 17, body: text, attributes: { text } }).build());
    const [record] =
      batch.signal === "logs" ? Array.from(batch.records(), (at) => [at.body, at.attributes.get("text")]) : [];
    expect(record).toEqual([`${"x".repeat(26)}...[truncated]`, `${"x".repeat(18)}...[truncated]`]);
    const id = {
      traceId: "1".repeat(32),
      spanId: "1".repeat(16),
      name: "a",
      startTimeUnixNano: 1n,
      endTimeUnixNano: 2n,
    };
    const events = [{ timeUnixNano: 1n, name: "exception", attributes: { "exception.stacktrace": text } }];
    const traces = tracesBuilder()
      .span({ ...id, attributes: { text }, events })
      .build();
    await send(traces);
    for (const span of traces.spans()) {
      expect(span.attributes.getString("text")).toHaveLength(32);
      for (const event of span.events()) expect(event.attributes.getString("exception.stacktrace")).toHaveLength(32);
    }
    expect(reductions).toEqual(
      new Map([
        ["body_cut", 1],
        ["attribute_cut", 3],
      ]),
    );
    await part.stop(context);
  });

  it("of points are cut", async () => {
    const { part, send } = await onStep("normal", { max_attribute_bytes: 32 }, { signal: "metrics" });
    const point = { attributes: { text: "x".repeat(100) }, timeUnixNano: 1n, value: 1n };
    const metrics = metricsBuilder().gauge({ name: "size" }, [point]).build();
    await send(metrics);
    for (const { attributes } of metrics.points()) expect(attributes.getString("text")).toHaveLength(32);
    await part.stop(context);
  });
});

describe("duplicates", () => {
  const dedupe = () => onStep("dedupe", {});

  it("are the same in all but times, ids and scope", async () => {
    const { part, send } = await dedupe();
    const said = { severityNumber: 9, body: "a", attributes: { a: "x", b: "y" } };
    const again = { ...said, timeUnixNano: 9n, traceId: "1".repeat(32), attributes: { b: "y", a: "x" } };
    const others = [
      { ...said, body: "b" },
      { ...said, attributes: { a: "x" } },
      { ...said, eventName: "e" },
    ];
    const builder = logsBuilder();
    for (const record of [said, again, ...others, said]) builder.record(record);
    const batch = await send(builder.build());
    expect(batch.dropped).toEqual(new Map([["duplicate", 2]]));
    await part.stop(context);
  });

  it("are those of one resource, wherever it stands", async () => {
    const { part, send } = await dedupe();
    const builder = logsBuilder();
    for (const name of ["a", "b", "a"])
      builder.resource({ attributes: { name } }).scope({ name: "s" }).record({ body: "x" });
    expect((await send(builder.build())).dropped).toEqual(new Map([["duplicate", 1]]));
    await part.stop(context);
  });

  it("may come again after the window", async () => {
    const { host, part, send } = await onStep("dedupe", { ladder: { dedupe_window: "10m", interval: "100h" } });
    const record = () => logsBuilder().record({ body: "x" }).build();
    await send(record());
    await host.clock.advance(599_999);
    expect((await send(record())).count).toBe(0);
    await host.clock.advance(1);
    expect((await send(record())).count).toBe(1);
    await part.stop(context);
  });
});

/** The batch, but its second record cannot be read. */
function withBadRecord(logs: Logs): Logs {
  let position = 0;
  const bound = (target: object, key: string | symbol): unknown => {
    const value: unknown = Reflect.get(target, key, target);
    return typeof value === "function" ? value.bind(target) : value;
  };
  const record = new Proxy(logs.records(), {
    get(target, key) {
      if (key === "advance") position++;
      if (position === 2 && (key === "byteSize" || key === "severityNumber")) throw new Error("not to be read");
      return bound(target, key);
    },
    set: (target, key, value) => Reflect.set(target, key, value, target),
  });
  return new Proxy(logs, { get: (target, key) => (key === "records" ? () => record : bound(target, key)) });
}

describe("a record that cannot be judged", () => {
  const long = () =>
    logsBuilder()
      .record({ body: "x".repeat(99) })
      .record({ body: "bad" })
      .record({ body: "y".repeat(99) });
  const bodies = (batch: Logs) => Array.from(batch.records(), ({ body }) => String(body).length);

  it("passes, is counted, and the others of its batch are treated as ever", async () => {
    const { part, send, reductions } = await onStep("normal", { max_body_bytes: 40, max_attribute_bytes: 40 });
    const batch = long().build();
    await send(withBadRecord(batch));
    expect(bodies(batch)).toEqual([40, 3, 40]);
    expect(reductions).toEqual(
      new Map([
        ["body_cut", 2],
        ["judgement_failed", 1],
      ]),
    );
    await part.stop(context);
  });

  it("is dropped where on_error says so, on any step", async () => {
    const { part, send, reductions } = await onStep("dedupe", { max_body_bytes: 40, on_error: "drop" });
    const batch = long().build();
    await send(withBadRecord(batch));
    expect(bodies(batch)).toEqual([40, 40]);
    expect(batch.dropped).toEqual(new Map([["judgement_failed", 1]]));
    expect(reductions.get("judgement_failed")).toBe(1);
    await part.stop(context);
  });
});

it("folds histograms on the way, and half of the series from the step `attributes` on", async () => {
  const bounds = { explicitBounds: [1], bucketCounts: ["1", "0"], count: "1", sum: 0.5 };
  const dataPoints = Array.from({ length: 8 }, (_, index) => ({
    ...bounds,
    attributes: [{ key: "user", value: { stringValue: `${index}` } }],
  }));
  const metrics = [{ name: "latency", histogram: { aggregationTemporality: 1, dataPoints } }];
  const json = JSON.stringify({ resourceMetrics: [{ scopeMetrics: [{ metrics }] }] });
  const left = async (step: "normal" | "attributes") => {
    const { part, send } = await onStep(step, { metric_cardinality_limit: 8 }, { signal: "metrics" });
    const batch = decodeJson("metrics", json);
    await send(batch);
    await part.stop(context);
    return Array.from(batch.points(), ({ count }) => Number(count));
  };
  expect(await left("normal")).toEqual([1, 1, 1, 1, 1, 1, 1, 1]);
  expect(await left("attributes")).toEqual([1, 1, 1, 5]);
});
