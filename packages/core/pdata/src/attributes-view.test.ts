import { describe, expect, test } from "vitest";
import type { AnyValue, AttributeKey, Attributes } from "./api.ts";
import { attributeKey, attributeKeys } from "./attribute-key.ts";
import { decodeLogs, decodeTraces } from "./batches.ts";
import { encodeAttributes } from "./encoded-attributes.ts";
import { decodeJson } from "./json-decoder.ts";
import { logsBuilder } from "./logs-builder.ts";
import { PdataError } from "./pdata-error.ts";
import type { LogRecordInit } from "./producer-api.ts";
import { tracesBuilder } from "./traces-builder.ts";

/** The attributes of a single record. */
function attributesOf(init: Record<string, AnyValue>): Attributes {
  const record = logsBuilder().record({ attributes: init }).build().records();
  record.advance();
  return record.attributes;
}

test("an int is a bigint, a double a number, and neither is the other", () => {
  const attributes = attributesOf({ int: 2n ** 53n + 1n, double: 1 });
  expect([attributes.getInt("int"), attributes.getDouble("int")]).toEqual([9_007_199_254_740_993n, undefined]);
  expect([attributes.getInt("double"), attributes.getDouble("double")]).toEqual([undefined, 1]);
  expect([attributes.getNumber("int"), attributes.getNumber("double")]).toEqual([9_007_199_254_740_992, 1]);
});

test("where a name occurs twice, reads see the first, set keeps its place and removes the others", () => {
  const text = JSON.stringify({
    resourceLogs: [
      {
        scopeLogs: [
          {
            logRecords: [
              {
                attributes: ["a", "twice", "b", "twice", "c"].map((key, at) => ({ key, value: { intValue: at } })),
              },
            ],
          },
        ],
      },
    ],
  });
  const logs = decodeJson("logs", text);
  const { attributes } = logs.records()[Symbol.iterator]().next().value ?? expect.fail("no record");
  expect([attributes.size, attributes.getInt("twice")]).toEqual([5, 1n]);
  attributes.set("twice", "x");
  expect([...attributes.entries()]).toEqual([
    ["a", 0n],
    ["twice", "x"],
    ["b", 2n],
    ["c", 4n],
  ]);
  expect([attributes.delete("twice"), attributes.delete("twice")]).toEqual([true, false]);
  expect([...attributes.keys()]).toEqual(["a", "b", "c"]);
});

test("looks at the bytes of a text and of nothing else, without decoding", () => {
  const attributes = attributesOf({ text: "grün", int: 1n });
  const length = (_: Uint8Array, start: number, end: number) => end - start;
  expect(attributes.look("text", (bytes, start, end) => Buffer.from(bytes.subarray(start, end)).toString())).toBe(
    "grün",
  );
  expect(["text", "int", "none"].map((key) => attributes.look(key, length))).toEqual([5, undefined, undefined]);
});

test("bytes that are not UTF-8 pass through and read as U+FFFD", () => {
  const bytes = logsBuilder()
    .record({ attributes: { name: "??", other: 1n } })
    .build()
    .encode();
  const at = Buffer.from(bytes).indexOf("??");
  bytes.set([0xff, 0xfe], at);
  const logs = decodeLogs(bytes);
  for (const { attributes } of logs.records()) {
    expect(attributes.getString("name")).toBe("\ufffd\ufffd");
    expect(attributes.getUtf8("name")).toEqual(Uint8Array.of(0xff, 0xfe));
    attributes.set("other", 2n);
  }
  expect(logs.encode().subarray(at, at + 2)).toEqual(Uint8Array.of(0xff, 0xfe));
});

test("a view of the batch's own memory can be set as a value", () => {
  const attributes = attributesOf({ a: "first", b: "second", c: "third" });
  attributes.set("a", "the first");
  attributes.set("b", attributes.getUtf8("c") ?? null);
  attributes.set("a", attributes.getUtf8("c") ?? null);
  expect([...attributes.entries()]).toEqual([
    ["a", Uint8Array.from(Buffer.from("third"))],
    ["b", Uint8Array.from(Buffer.from("third"))],
    ["c", "third"],
  ]);
});

test("a key made by hand is as good as one of attributeKey", () => {
  const attributes = attributesOf({ name: 1n });
  expect(attributes.getInt({ name: "name", utf8: Buffer.from("name") })).toBe(1n);
  attributes.set({ name: "new", utf8: Buffer.from("new") }, true);
  expect(attributes.getBoolean(attributeKey("new"))).toBe(true);
});

test.each<[readonly string[], number]>([
  [["b", "a"], 0],
  [["absent", "b"], 1],
  [["absent", "x"], -1],
  [["", "a"], 0],
  [["l".repeat(200), "a"], 0],
  [["l".repeat(201)], -1],
  [[], -1],
])("the first of %j is number %i", (names, index) => {
  const attributes = attributesOf({ a: 1n, ["l".repeat(200)]: "x".repeat(200), "": null, b: 2n });
  expect(attributes.firstOf(attributeKeys(names))).toBe(index);
  const places = new Int32Array(names.length).fill(7);
  attributes.locate(attributeKeys(names), places);
  expect([...places]).toEqual(names.map((name) => [...attributes.keys()].indexOf(name)));
  expect([...places].map((place) => attributes.get(place))).toEqual(names.map((name) => attributes.get(name)));
});

describe("values that are refused", () => {
  const cyclic: AnyValue[] = [];
  cyclic.push(cyclic);
  test.each<[string, unknown, string]>([
    ["an integer of more than 64 bits", 2n ** 63n, "DBI_PDATA_VALUE"],
    ["a negative integer of more than 64 bits", -(2n ** 63n) - 1n, "DBI_PDATA_VALUE"],
    ["an array in itself", cyclic, "DBI_PDATA_DEPTH"],
    ["undefined", undefined, "DBI_PDATA_VALUE"],
    ["a plain object", { a: 1 }, "DBI_PDATA_VALUE"],
  ])("%s", (_name, value, code) => {
    const attributes = attributesOf({ kept: "as it was" });
    expect(() => attributes.set("kept", value as AnyValue)).toThrow(expect.objectContaining({ code, offset: -1 }));
    expect(() => attributes.set("kept", value as AnyValue)).toThrow(PdataError);
    expect([...attributes.entries()]).toEqual([["kept", "as it was"]]);
  });
});

test("equal values have equal hashes; other values, types and seeds have others", () => {
  const attributes = attributesOf({ a: "x", b: "x", other: "y", int: 7n, double: 7, none: null });
  expect(attributes.hash("a", 1)).toBe(attributes.hash("b", 1));
  const hashes = ["a", "other", "int", "double"].map((key) => attributes.hash(key, 1));
  expect(new Set([...hashes, attributes.hash("a", 2)]).size).toBe(5);
  expect([attributes.hash("absent", 1), attributes.hash("none", 1)]).toEqual([-1, -1]);
});

test("an item knows the bytes of its message, edits included", () => {
  const logs = logsBuilder()
    .record({ severityNumber: 9, attributes: { a: "x" } })
    .build();
  const record = logs.records();
  record.advance();
  const before = record.byteSize;
  const batchBefore = logs.byteSize;
  record.attributes.set("b", "y".repeat(10));
  expect(record.byteSize - before).toBe(logs.byteSize - batchBefore);
});

describe("hashes of all attributes", () => {
  const [a, b] = [attributeKey("a"), attributeKey("b")];
  const hash = (values: Readonly<Record<string, AnyValue>>, without?: readonly AttributeKey[]) =>
    attributesOf(values).hashAll(1, without);

  test("do not depend on the order, but on every name, value, type and the seed", () => {
    expect(hash({ a: "x", b: 1n })).toBe(hash({ b: 1n, a: "x" }));
    const others = [{ a: "x", b: 2n }, { a: "x", b: 1 }, { a: "x", c: 1n }, { a: "x" }, { a: 1n, b: "x" }, {}];
    const all = [{ a: "x", b: 1n }, ...others].map((values) => hash(values));
    expect(new Set([...all, attributesOf({ a: "x", b: 1n }).hashAll(2)]).size).toBe(8);
  });

  test("leave out the attributes that are named", () => {
    expect(hash({ a: "x", b: 1n, c: true }, [b, a])).toBe(hash({ c: true }));
    expect(hash({ a: "x" }, [b])).toBe(hash({ a: "x" }));
  });

  test("are visited in the order of the names", () => {
    const visited: number[][] = [];
    attributesOf({ a: "x", b: "x", c: "y" }).forEachHash((name, value) => visited.push([name, value]));
    expect(new Set(visited.map(([name]) => name)).size).toBe(3);
    expect(visited.map(([, value]) => value === visited[0]?.[1])).toEqual([true, true, false]);
  });
});

test("shapes are those of names and values, in the order of the names", () => {
  const shapes: unknown[] = [];
  const values = { "": "ä", ["n".repeat(200)]: "v".repeat(300), i: 7n, d: 1, b: true, none: null, list: ["xy"] };
  attributesOf({ ...values, bytes: Uint8Array.of(1, 2, 3), map: new Map([["k", 1n]]) }).forEachShape((...shape) =>
    shapes.push(shape),
  );
  expect(shapes).toEqual([
    [0, "string", 2],
    [200, "string", 300],
    [1, "int", 0],
    [1, "double", 0],
    [1, "bool", 0],
    [4, "empty", 0],
    [4, "array", 6],
    [5, "bytes", 3],
    [3, "map", 9],
  ]);
});

test("what a record says does not depend on when, where and in which trace it says it", () => {
  const saying = (init: LogRecordInit) => {
    const record = logsBuilder().record(init).build().records();
    record.advance();
    const hashes = new Int32Array(2);
    record.contentHash(1, hashes);
    return hashes;
  };
  const said = { severityNumber: 9, body: "x", eventName: "e", attributes: { a: "x", b: "y" } };
  const same = { ...said, timeUnixNano: 5n, observedTimeUnixNano: 6n, traceId: "1".repeat(32), spanId: "1".repeat(16) };
  expect(saying({ ...same, flags: 1, attributes: { b: "y", a: "x" } })).toEqual(saying(said));
  const others = [{ severityNumber: 10 }, { body: "y" }, { eventName: "f" }, { attributes: {} }, { severityText: "I" }];
  const all = [said, ...others.map((other) => ({ ...said, ...other }))].map(saying);
  for (const which of [0, 1]) expect(new Set(all.map((hashes) => hashes[which])).size).toBe(6);
});

describe("attributes that were encoded before", () => {
  const said = { a: "x", n: null, l: ["y", 1n], m: new Map([["k", 2]]), ["l".repeat(300)]: "z".repeat(300) };
  const encoded = encodeAttributes({ ...said, absent: undefined });

  test.each<[string, Record<string, AnyValue>]>([
    ["an item without any", {}],
    ["an item with others", { b: 1n }],
    ["one that has some of them", { a: 7n, l: false }],
    ["one that has all of them", { ...said, a: "mine" }],
  ])("are added to %s, where they are missing", (_name, before) => {
    const attributes = attributesOf(before);
    attributes.add(encoded);
    attributes.add(encoded);
    expect(Object.fromEntries(attributes.entries())).toEqual({ ...said, ...before });
    expect(attributes.size).toBe(Object.keys({ ...said, ...before }).length);
  });

  test("change nothing where none is missing", () => {
    const logs = logsBuilder().record({ attributes: said }).build();
    const records = logs.records();
    records.advance();
    records.attributes.add(encoded);
    expect(logs.edited).toBe(false);
  });

  test("are added to spans and resources alike", () => {
    const spans = tracesBuilder()
      .resource({ attributes: { b: 1n } })
      .span({ traceId: "1".repeat(32), spanId: "2".repeat(16), name: "s", startTimeUnixNano: 1n, endTimeUnixNano: 2n })
      .build();
    for (const span of spans.spans()) {
      span.attributes.add(encoded);
      span.resource.attributes.add(encoded);
    }
    const again = decodeTraces(spans.encode()).spans();
    again.advance();
    expect(Object.fromEntries(again.attributes.entries())).toEqual(said);
    expect(Object.fromEntries(again.resource.attributes.entries())).toEqual({ b: 1n, ...said });
  });
});
