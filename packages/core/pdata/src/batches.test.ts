import { describe, expect, test } from "vitest";
import type { Logs } from "./api.ts";
import { decodeEncoded, decodeLogs, decodeMetrics, decodeTraces } from "./batches.ts";
import { encodeJson } from "./json-encoder.ts";
import { logsBuilder } from "./logs-builder.ts";
import { mergeBatches } from "./merge.ts";
import { metricsBuilder } from "./metrics-builder.ts";
import { tracesBuilder } from "./traces-builder.ts";

function numbered(count: number): Logs {
  const builder = logsBuilder()
    .resource({ attributes: { name: "r" } })
    .scope({ name: "s" });
  for (let index = 0; index < count; index++) builder.record({ body: `record ${index}` });
  return builder.build();
}

function bodies(logs: Logs): unknown[] {
  return Array.from(logs.records(), ({ body }) => body);
}

describe("dropping", () => {
  test("counts items by reason, each once", () => {
    const logs = numbered(5);
    for (const record of logs.records()) {
      if (record.body === "record 1") record.drop("one");
      if (record.body === "record 3") {
        record.drop("three");
        record.drop("again");
      }
    }
    expect(logs.count).toBe(3);
    expect([...logs.dropped]).toEqual([
      ["one", 1],
      ["three", 1],
    ]);
    expect(bodies(logs)).toEqual(["record 0", "record 2", "record 4"]);
    expect([...logs.fork().dropped]).toEqual([]);
  });

  test("takes parents along with their last item", () => {
    const logs = numbered(2);
    for (const record of logs.records()) record.drop("all");
    expect([logs.count, logs.byteSize, logs.encode().length]).toEqual([0, 0, 0]);
    expect([logs.resources().advance(), logs.scopes().advance()]).toEqual([false, false]);
  });

  test("of a metric counts its points", () => {
    const point = { timeUnixNano: 1n, value: 1n };
    const metrics = metricsBuilder().gauge({ name: "a" }, [point, point]).gauge({ name: "b" }, [point]).build();
    for (const at of metrics.points()) if (at.metric.name === "a") at.metric.drop("unwanted");
    expect([metrics.count, metrics.dropped.get("unwanted")]).toEqual([1, 2]);
    expect(Array.from(metrics.metrics(), ({ name }) => name)).toEqual(["b"]);
  });

  test("of an item still lets it be read", () => {
    const logs = numbered(1);
    for (const record of logs.records()) {
      record.drop("gone");
      expect([record.body, record.resource.attributes.getString("name")]).toEqual(["record 0", "r"]);
    }
  });
});

describe("cursors", () => {
  test("see edits that others make where they stand", () => {
    const logs = numbered(2);
    const one = logs.records();
    const other = logs.records();
    one.advance();
    other.advance();
    one.attributes.set("a", 1n);
    expect(other.attributes.getInt("a")).toBe(1n);
    other.attributes.set("b", "x".repeat(40_000));
    other.body = "changed";
    one.attributes.set("c", true);
    expect([...other.attributes.keys(), other.body]).toEqual(["a", "b", "c", "changed"]);
    expect(Array.from(decodeLogs(logs.encode()).records(), (record) => [...record.attributes.keys()])).toEqual([
      ["a", "b", "c"],
      [],
    ]);
  });

  test("stay on their batch after a fork", () => {
    const logs = numbered(1);
    const record = logs.records();
    record.advance();
    record.attributes.set("before", 1n);
    const fork = logs.fork();
    record.attributes.set("after", 1n);
    const forked = fork.records();
    forked.advance();
    forked.attributes.set("fork", 1n);
    expect([...record.attributes.keys()]).toEqual(["before", "after"]);
    expect([...forked.attributes.keys()]).toEqual(["before", "fork"]);
  });

  test("past the end stay there", () => {
    const record = numbered(1).records();
    expect([record.advance(), record.advance(), record.advance()]).toEqual([true, false, false]);
  });

  test("over events follow edits of the span and of other events", () => {
    const event = (name: string) => ({ timeUnixNano: 1n, name });
    const traces = tracesBuilder()
      .span({
        traceId: "0af7651916cd43dd8448eb211c80319c",
        spanId: "b7ad6b7169203331",
        name: "span",
        startTimeUnixNano: 1n,
        endTimeUnixNano: 2n,
        events: [event("first"), event("second"), event("third")],
      })
      .build();
    for (const span of traces.spans()) {
      const events = span.events();
      events.advance();
      events.advance();
      span.name = "a longer name than before".repeat(10);
      expect(events.name).toBe("second");
      const others = span.events();
      others.advance();
      others.attributes.set("a", "x".repeat(300));
      events.name = "second, edited";
      expect(others.attributes.getString("a")).toBe("x".repeat(300));
      expect(Array.from(span.events(), ({ name }) => name)).toEqual(["first", "second, edited", "third"]);
      expect(others.advance() && others.name).toBe("second, edited");
    }
    expect(decodeTraces(traces.encode()).count).toBe(1);
  });
});

describe("values that are refused", () => {
  const refused = expect.objectContaining({ code: "DBI_PDATA_VALUE", offset: -1 });

  test("by the fields of a record", () => {
    const record = numbered(1).records();
    record.advance();
    expect(() => (record.timeUnixNano = -1n)).toThrow(refused);
    expect(() => (record.timeUnixNano = 2n ** 64n)).toThrow(refused);
    expect(() => (record.flags = -1)).toThrow(refused);
    expect(() => (record.severityNumber = 1.5)).toThrow(refused);
    expect(() => (record.traceId = "abc")).toThrow("32 hexadecimal digits");
    expect(() => (record.spanId = "z".repeat(16))).toThrow(refused);
    expect(() => (record.eventName = 5 as never)).toThrow("a number where a string belongs");
    record.traceId = "0AF7651916CD43DD8448EB211C80319C";
    expect(record.traceId).toBe("0af7651916cd43dd8448eb211c80319c");
  });

  test("by the value of a point", () => {
    const metrics = metricsBuilder()
      .gauge({ name: "g" }, [{ timeUnixNano: 1n, value: 1n }])
      .build();
    for (const point of metrics.points()) expect(() => (point.value = 2n ** 63n)).toThrow(refused);
    const summary = decodeMetrics(Uint8Array.of(0x0a, 8, 0x12, 6, 0x12, 4, 0x5a, 2, 0x0a, 0));
    for (const point of summary.points()) {
      expect([point.metric.type, point.value, point.count, point.sum]).toEqual(["summary", undefined, 0n, 0]);
      expect(() => (point.value = 1)).toThrow("only points of gauges and sums");
    }
    expect(summary.count).toBe(1);
  });

  test("by builders, which forget the item and go on", () => {
    const logs = logsBuilder().record({ body: "kept" });
    expect(() => logs.record({ body: "lost", attributes: { a: [1n, undefined as never] } })).toThrow(refused);
    expect(() => logs.resource({ attributes: { a: 2n ** 64n } })).toThrow(refused);
    expect(() => logs.scope({ name: "s", attributes: { a: 2n ** 64n } })).toThrow(refused);
    expect(bodies(logs.record({ body: "kept too" }).build())).toEqual(["kept", "kept too"]);
    const metrics = metricsBuilder();
    expect(() => metrics.gauge({ name: "g" }, [{ timeUnixNano: 1n, value: 2n ** 63n }])).toThrow(refused);
    expect(metrics.build().encode()).toHaveLength(0);
  });
});

test("merging refuses nothing and batches of different signals", () => {
  expect(() => mergeBatches([])).toThrow("nothing to merge");
  const mixed = [logsBuilder().build(), tracesBuilder().build()];
  expect(() => mergeBatches(mixed)).toThrow("different signals");
});

test("encoding gives the same bytes each time, to forks as well, until the next edit", () => {
  const logs = logsBuilder().record({ body: "a" }).record({ body: "b" }).build();
  const first = logs.records();
  first.advance();
  first.body = "c";
  const encoded = logs.encode();
  const fork = logs.fork();
  expect([logs.encode() === encoded, fork.encode() === encoded]).toEqual([true, true]);
  for (const record of fork.records()) if (record.body === "b") record.drop("test");
  expect([logs.encode() === encoded, decodeLogs(fork.encode()).count, logs.count]).toEqual([true, 1, 2]);
  first.body = "d";
  expect([bodies(decodeLogs(logs.encode())), bodies(fork)]).toEqual([["d", "b"], ["c"]]);
});

test("merging one batch gives a fork", () => {
  const logs = numbered(1);
  const merged = mergeBatches<"logs">([logs]);
  for (const record of merged.records()) record.body = "merged";
  expect([...bodies(logs), ...bodies(merged)]).toEqual(["record 0", "merged"]);
});

test("a message that occurs twice is merged when it is read, and not when it passes", () => {
  // ResourceLogs with a second Resource behind the records.
  const attribute = (key: number) => [0x0a, 5, 0x0a, 3, 0x0a, 1, key];
  const bytes = Uint8Array.of(0x0a, 20, ...attribute(0x61), 0x12, 4, 0x12, 2, 0x10, 9, ...attribute(0x62));
  const logs = decodeLogs(bytes);
  expect(logs.encode()).toEqual(bytes);
  for (const record of logs.records()) {
    expect([...record.resource.attributes.keys()]).toEqual(["a", "b"]);
    record.severityNumber = 10;
  }
  expect(encodeJson(logs)).toBe(
    '{"resourceLogs":[{"resource":{"attributes":[{"key":"a"},{"key":"b"}]},"scopeLogs":[{"logRecords":[{"severityNumber":10}]}]}]}',
  );
});

test("whether a batch is edited", () => {
  const logs = numbered(2);
  expect(logs.edited).toBe(false);
  for (const record of logs.records()) {
    record.attributes.delete("absent");
    record.eventName = "";
  }
  expect(logs.edited).toBe(false);
  for (const record of logs.records()) record.drop("gone");
  expect(logs.edited).toBe(true);
});

test("parents are numbered in the order of the request, also when some are gone", () => {
  const point = { timeUnixNano: 1n, value: 1n };
  const builder = metricsBuilder();
  for (const name of ["r0", "r1"]) {
    builder.resource({ attributes: { name } }).scope({ name: "s" });
    builder.gauge({ name: "a" }, [point, point]).gauge({ name: "b" }, [point]);
  }
  const metrics = builder.build();
  const ordinals = () =>
    Array.from(metrics.points(), ({ resource, scope, metric }) => [resource.ordinal, scope.ordinal, metric.ordinal]);
  const all = [0, 0, 1, 2, 2, 3].map((metric) => [metric >> 1, metric >> 1, metric]);
  expect(ordinals()).toEqual(all);
  expect(Array.from(metrics.metrics(), ({ ordinal }) => ordinal)).toEqual([0, 1, 2, 3]);
  expect(Array.from(metrics.scopes(), ({ ordinal }) => ordinal)).toEqual([0, 1]);
  for (const at of metrics.points()) if (at.metric.ordinal < 2) at.drop("gone");
  expect(ordinals()).toEqual(all.slice(3));
  expect(Array.from(metrics.resources(), ({ ordinal }) => ordinal)).toEqual([1]);
});

describe("a batch of bytes that a batch has encoded", () => {
  const bytes = logsBuilder().record({ body: "one" }).record({ body: "two" }).build().encode();
  const bodiesOf = (batch: Logs) => Array.from(batch.records(), ({ body }) => body);

  test("tells bytes and count without reading them", () => {
    const unread = decodeEncoded("logs", Buffer.from("no protobuf at all"), 7);
    expect([unread.count, unread.byteSize, unread.edited, unread.dropped.size]).toEqual([7, 18, false, 0]);
    expect(Buffer.from(unread.fork().encode()).toString()).toBe("no protobuf at all");
  });

  test("reads as any other, and is edited apart from its forks", () => {
    const batch = decodeEncoded("logs", bytes, 2);
    const fork = batch.fork();
    const records = batch.records();
    records.advance();
    records.drop("test");
    expect(bodiesOf(batch)).toEqual(["two"]);
    expect(bodiesOf(fork)).toEqual(["one", "two"]);
    expect([batch.count, fork.count, batch.edited, fork.edited]).toEqual([1, 2, true, false]);
    expect(bodiesOf(mergeBatches<"logs">([batch, fork]))).toEqual(["two", "one", "two"]);
  });
});
